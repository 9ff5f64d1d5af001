"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.790,
    -2.9717,
    (
        0.3885,  # scale_score
        0.1406,  # pointer_score
        0.2295,  # pivot_score
        -0.0692,  # tip_score
        0.0474,  # start_score
        -0.2437,  # end_score
        0.3474,  # weakest_end
        0.1849,  # end_gap
        0.1110,  # ring_residual
        0.4438,  # pivot_offset
        -0.2108,  # tip_beside
        -0.0942,  # tip_off_ring
        0.0735,  # support
        -0.8598,  # scatter
        0.0291,  # faint
        -0.2494,  # turn
        0.0000,  # no_ridge
        0.3718,  # sure_of_pointer
        0.0663,  # sure_of_ends
        -0.0788,  # second_tip
        -0.0729,  # second_end
        0.6637,  # small
        0.1957,  # blurred
        -0.3547,  # glare
        -0.3440,  # oblique
        0.2386,  # narrow
        0.3167,  # at_an_end
        2.0845,  # evenness
        -0.1447,  # typical_mark
        -0.2624,  # end_marks
        -0.3795,  # beyond
        -0.0447,  # beyond_mean
        0.8518,  # no_marks
        -0.1289,  # marks_found
        -0.1031,  # marks_scatter
        0.5496,  # marks_even
        -0.1958,  # apart
        -0.3165,  # far_apart
        0.1215,  # alone
        -0.3073,  # rules
        0.2740,  # strip_reading
        -0.7444,  # strip_start
        0.2004,  # strip_end
        0.1398,  # strip_all
        -1.1984,  # strip_reading_sure
        0.0093,  # strip_start_sure
        0.3178,  # strip_end_sure
        0.1780,  # strip_all_sure
        0.0000,  # strip_unasked
        0.5109,  # strip_right
        0.2876,  # strip_right_sure
        0.9829,  # strip_law
        1.9917,  # strip_value
        0.3615,  # strip_law_sure
        2.1532,  # strip_value_sure
    ),
)

DIAL_PLACED = Weights(
    0.914,
    0.2250,
    (
        -0.0958,  # scale_score
        0.3766,  # pointer_score
        0.2947,  # pivot_score
        0.3635,  # tip_score
        0.1788,  # start_score
        0.1483,  # end_score
        0.0449,  # weakest_end
        -0.0460,  # end_gap
        0.1933,  # ring_residual
        0.1365,  # pivot_offset
        -0.5410,  # tip_beside
        0.3237,  # tip_off_ring
        0.3832,  # support
        -1.1093,  # scatter
        -0.4982,  # faint
        -1.0780,  # turn
        0.0000,  # no_ridge
        0.3521,  # sure_of_pointer
        -0.0743,  # sure_of_ends
        0.0826,  # second_tip
        -0.3895,  # second_end
        0.2926,  # small
        -0.1045,  # blurred
        0.4289,  # glare
        -0.2020,  # oblique
        0.1936,  # narrow
        0.2181,  # at_an_end
        0.0635,  # evenness
        0.1276,  # typical_mark
        0.1196,  # end_marks
        -0.1948,  # beyond
        -0.2829,  # beyond_mean
        0.2992,  # no_marks
        -0.2911,  # marks_found
        0.0895,  # marks_scatter
        -0.1087,  # marks_even
        0.0727,  # apart
        -0.1486,  # far_apart
        -0.0313,  # alone
        0.2399,  # rules
        1.4900,  # strip_reading
        -0.5947,  # strip_start
        -0.6259,  # strip_end
        0.4282,  # strip_all
        1.3716,  # strip_reading_sure
        -0.3131,  # strip_start_sure
        -0.0454,  # strip_end_sure
        0.5882,  # strip_all_sure
        0.0000,  # strip_unasked
        0.7190,  # strip_right
        0.6829,  # strip_right_sure
        0.0000,  # strip_law
        0.7190,  # strip_value
        0.0000,  # strip_law_sure
        0.6829,  # strip_value_sure
    ),
)

TUBE = Weights(
    0.956,
    -1.9523,
    (
        0.3938,  # tube_score
        0.1476,  # surface_score
        1.1234,  # liquid_score
        0.0953,  # both
        0.1212,  # spread
        0.0109,  # start_score
        -0.5127,  # end_score
        0.6584,  # weakest_end
        -0.3187,  # end_gap
        -0.7174,  # faint
        0.2819,  # small
        -0.0283,  # at_an_end
        -0.3970,  # narrow
        0.0327,  # apart
        -0.8144,  # far_apart
        -0.0818,  # alone
        -0.2267,  # rules
        0.5275,  # graduated
        0.3661,  # comb_evenness
        0.4498,  # comb_ends
        -0.2978,  # comb_beyond
        -0.3854,  # comb_teeth
        1.0521,  # comb_shift
        -0.3262,  # comb_sure
        -1.0116,  # comb_missed
        0.2888,  # off_foot
        -0.2247,  # off_head
        -0.5526,  # strip_reading
        -0.0400,  # strip_start
        0.1858,  # strip_end
        0.5135,  # strip_all
        0.9484,  # strip_reading_sure
        -0.0265,  # strip_start_sure
        -0.5149,  # strip_end_sure
        1.6759,  # strip_all_sure
        0.0000,  # strip_unasked
        2.0451,  # strip_right
        2.3642,  # strip_right_sure
    ),
)

TUBE_PLACED = Weights(
    0.944,
    -2.1567,
    (
        0.7901,  # tube_score
        0.8685,  # surface_score
        1.0826,  # liquid_score
        0.3312,  # both
        -0.3721,  # spread
        0.0239,  # start_score
        0.2667,  # end_score
        -0.3425,  # weakest_end
        0.0379,  # end_gap
        -1.1336,  # faint
        0.1599,  # small
        0.3760,  # at_an_end
        -0.2593,  # narrow
        0.1222,  # apart
        -0.8004,  # far_apart
        -0.1099,  # alone
        -0.2810,  # rules
        -0.0393,  # graduated
        -0.3402,  # comb_evenness
        -0.2703,  # comb_ends
        -0.2138,  # comb_beyond
        -0.4559,  # comb_teeth
        -0.1231,  # comb_shift
        0.5353,  # comb_sure
        -0.3249,  # comb_missed
        0.3701,  # off_foot
        0.1200,  # off_head
        1.4976,  # strip_reading
        0.0182,  # strip_start
        -0.3143,  # strip_end
        -0.0560,  # strip_all
        3.5630,  # strip_reading_sure
        -0.3374,  # strip_start_sure
        -0.3250,  # strip_end_sure
        0.5869,  # strip_all_sure
        0.0000,  # strip_unasked
        0.5438,  # strip_right
        0.8600,  # strip_right_sure
    ),
)
