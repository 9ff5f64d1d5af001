"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.800,
    -2.9887,
    (
        0.3985,  # scale_score
        0.2045,  # pointer_score
        0.2648,  # pivot_score
        -0.2062,  # tip_score
        -0.0053,  # start_score
        -0.2863,  # end_score
        0.4557,  # weakest_end
        0.2005,  # end_gap
        0.1039,  # ring_residual
        0.4068,  # pivot_offset
        -0.2602,  # tip_beside
        -0.1405,  # tip_off_ring
        0.0870,  # support
        -0.8132,  # scatter
        -0.0823,  # faint
        -0.2686,  # turn
        0.0000,  # no_ridge
        0.2781,  # sure_of_pointer
        0.0209,  # sure_of_ends
        -0.1586,  # second_tip
        -0.0676,  # second_end
        0.5881,  # small
        0.2263,  # blurred
        -0.4031,  # glare
        -0.3386,  # oblique
        0.3413,  # narrow
        0.2362,  # at_an_end
        2.0253,  # evenness
        -0.0833,  # typical_mark
        -0.1840,  # end_marks
        -0.5184,  # beyond
        0.0608,  # beyond_mean
        0.9771,  # no_marks
        -0.1010,  # marks_found
        -0.0770,  # marks_scatter
        0.5111,  # marks_even
        -0.3223,  # apart
        -0.2237,  # far_apart
        0.1945,  # alone
        -0.2751,  # rules
        0.3152,  # strip_reading
        -0.7113,  # strip_start
        0.1973,  # strip_end
        0.2500,  # strip_all
        -1.2651,  # strip_reading_sure
        0.1505,  # strip_start_sure
        0.1170,  # strip_end_sure
        0.1940,  # strip_all_sure
        0.0000,  # strip_unasked
        0.4527,  # strip_right
        0.3261,  # strip_right_sure
        0.9395,  # strip_law
        1.8914,  # strip_value
        0.4840,  # strip_law_sure
        2.1755,  # strip_value_sure
    ),
)

DIAL_PLACED = Weights(
    0.914,
    0.2287,
    (
        -0.0952,  # scale_score
        0.3758,  # pointer_score
        0.2961,  # pivot_score
        0.3637,  # tip_score
        0.1778,  # start_score
        0.1464,  # end_score
        0.0457,  # weakest_end
        -0.0453,  # end_gap
        0.1941,  # ring_residual
        0.1365,  # pivot_offset
        -0.5409,  # tip_beside
        0.3219,  # tip_off_ring
        0.3839,  # support
        -1.1098,  # scatter
        -0.4969,  # faint
        -1.0774,  # turn
        0.0000,  # no_ridge
        0.3511,  # sure_of_pointer
        -0.0742,  # sure_of_ends
        0.0834,  # second_tip
        -0.3887,  # second_end
        0.2905,  # small
        -0.1026,  # blurred
        0.4289,  # glare
        -0.2013,  # oblique
        0.1912,  # narrow
        0.2220,  # at_an_end
        0.0633,  # evenness
        0.1269,  # typical_mark
        0.1205,  # end_marks
        -0.1954,  # beyond
        -0.2836,  # beyond_mean
        0.3004,  # no_marks
        -0.2915,  # marks_found
        0.0897,  # marks_scatter
        -0.1088,  # marks_even
        0.0720,  # apart
        -0.1492,  # far_apart
        -0.0309,  # alone
        0.2400,  # rules
        1.4950,  # strip_reading
        -0.5950,  # strip_start
        -0.6272,  # strip_end
        0.4306,  # strip_all
        1.3748,  # strip_reading_sure
        -0.3125,  # strip_start_sure
        -0.0466,  # strip_end_sure
        0.5895,  # strip_all_sure
        0.0000,  # strip_unasked
        0.7137,  # strip_right
        0.6806,  # strip_right_sure
        0.0000,  # strip_law
        0.7137,  # strip_value
        0.0000,  # strip_law_sure
        0.6806,  # strip_value_sure
    ),
)

TUBE = Weights(
    0.956,
    -1.9515,
    (
        0.3939,  # tube_score
        0.1475,  # surface_score
        1.1233,  # liquid_score
        0.0953,  # both
        0.1212,  # spread
        0.0110,  # start_score
        -0.5129,  # end_score
        0.6583,  # weakest_end
        -0.3187,  # end_gap
        -0.7174,  # faint
        0.2816,  # small
        -0.0282,  # at_an_end
        -0.3970,  # narrow
        0.0326,  # apart
        -0.8144,  # far_apart
        -0.0817,  # alone
        -0.2265,  # rules
        0.5275,  # graduated
        0.3661,  # comb_evenness
        0.4497,  # comb_ends
        -0.2977,  # comb_beyond
        -0.3854,  # comb_teeth
        1.0520,  # comb_shift
        -0.3261,  # comb_sure
        -1.0117,  # comb_missed
        0.2888,  # off_foot
        -0.2248,  # off_head
        -0.5533,  # strip_reading
        -0.0404,  # strip_start
        0.1857,  # strip_end
        0.5136,  # strip_all
        0.9485,  # strip_reading_sure
        -0.0265,  # strip_start_sure
        -0.5149,  # strip_end_sure
        1.6760,  # strip_all_sure
        0.0000,  # strip_unasked
        2.0454,  # strip_right
        2.3643,  # strip_right_sure
    ),
)

TUBE_PLACED = Weights(
    0.944,
    -2.1565,
    (
        0.7901,  # tube_score
        0.8685,  # surface_score
        1.0826,  # liquid_score
        0.3312,  # both
        -0.3721,  # spread
        0.0240,  # start_score
        0.2667,  # end_score
        -0.3425,  # weakest_end
        0.0380,  # end_gap
        -1.1336,  # faint
        0.1598,  # small
        0.3761,  # at_an_end
        -0.2594,  # narrow
        0.1222,  # apart
        -0.8004,  # far_apart
        -0.1099,  # alone
        -0.2810,  # rules
        -0.0393,  # graduated
        -0.3402,  # comb_evenness
        -0.2704,  # comb_ends
        -0.2138,  # comb_beyond
        -0.4560,  # comb_teeth
        -0.1231,  # comb_shift
        0.5353,  # comb_sure
        -0.3250,  # comb_missed
        0.3700,  # off_foot
        0.1200,  # off_head
        1.4971,  # strip_reading
        0.0179,  # strip_start
        -0.3144,  # strip_end
        -0.0564,  # strip_all
        3.5630,  # strip_reading_sure
        -0.3374,  # strip_start_sure
        -0.3250,  # strip_end_sure
        0.5868,  # strip_all_sure
        0.0000,  # strip_unasked
        0.5449,  # strip_right
        0.8601,  # strip_right_sure
    ),
)
