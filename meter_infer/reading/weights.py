"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.900,
    -2.1499,
    (
        0.5178,  # scale_score
        0.2687,  # pointer_score
        0.1217,  # pivot_score
        -0.2150,  # tip_score
        0.4999,  # start_score
        -0.1930,  # end_score
        0.5263,  # weakest_end
        -0.3994,  # end_gap
        -0.0514,  # ring_residual
        -0.4247,  # pivot_offset
        -0.9438,  # tip_beside
        -0.1305,  # tip_off_ring
        0.4123,  # support
        -0.5631,  # scatter
        0.0725,  # faint
        -0.5435,  # turn
        0.0000,  # no_ridge
        0.1695,  # sure_of_pointer
        0.5509,  # sure_of_ends
        0.2003,  # second_tip
        0.1487,  # second_end
        0.2713,  # small
        0.2998,  # blurred
        -0.1362,  # glare
        -0.1059,  # oblique
        0.5902,  # narrow
        1.4349,  # at_an_end
        -0.3352,  # evenness
        0.4607,  # typical_mark
        0.2052,  # end_marks
        -0.4192,  # beyond
        -0.3456,  # beyond_mean
        0.5908,  # no_marks
        0.0183,  # marks_found
        -0.4971,  # marks_scatter
        -0.0722,  # marks_even
        -0.4127,  # apart
        -0.6591,  # far_apart
        0.1513,  # alone
        0.1034,  # rules
        0.7203,  # strip_reading
        -0.1759,  # strip_start
        0.3251,  # strip_end
        1.0440,  # strip_all
        -1.0577,  # strip_reading_sure
        0.2617,  # strip_start_sure
        -0.0472,  # strip_end_sure
        1.0764,  # strip_all_sure
        0.0000,  # strip_unasked
        1.4702,  # strip_right
        1.4725,  # strip_right_sure
    ),
)

DIAL_PLACED = Weights(
    0.914,
    0.2046,
    (
        -0.0967,  # scale_score
        0.3746,  # pointer_score
        0.2974,  # pivot_score
        0.3733,  # tip_score
        0.1858,  # start_score
        0.1549,  # end_score
        0.0602,  # weakest_end
        -0.0522,  # end_gap
        0.1937,  # ring_residual
        0.1361,  # pivot_offset
        -0.5458,  # tip_beside
        0.3090,  # tip_off_ring
        0.3985,  # support
        -1.1367,  # scatter
        -0.5010,  # faint
        -1.1109,  # turn
        0.0000,  # no_ridge
        0.3672,  # sure_of_pointer
        -0.0548,  # sure_of_ends
        0.0845,  # second_tip
        -0.3863,  # second_end
        0.2905,  # small
        -0.0984,  # blurred
        0.4344,  # glare
        -0.2002,  # oblique
        0.1939,  # narrow
        0.2330,  # at_an_end
        0.0610,  # evenness
        0.1264,  # typical_mark
        0.1245,  # end_marks
        -0.2001,  # beyond
        -0.2847,  # beyond_mean
        0.2971,  # no_marks
        -0.3008,  # marks_found
        0.0946,  # marks_scatter
        -0.1057,  # marks_even
        0.0653,  # apart
        -0.1575,  # far_apart
        -0.0270,  # alone
        0.2489,  # rules
        1.6547,  # strip_reading
        -0.5641,  # strip_start
        -0.6077,  # strip_end
        0.6277,  # strip_all
        1.5131,  # strip_reading_sure
        -0.2718,  # strip_start_sure
        -0.0192,  # strip_end_sure
        0.7711,  # strip_all_sure
        0.0000,  # strip_unasked
        0.9460,  # strip_right
        0.8742,  # strip_right_sure
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
