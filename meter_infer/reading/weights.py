"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.92,
    -1.2713,
    (
        0.8103,  # scale_score
        0.5923,  # pointer_score
        -0.1952,  # pivot_score
        0.1803,  # tip_score
        0.3375,  # start_score
        0.0494,  # end_score
        0.3546,  # weakest_end
        -0.1161,  # end_gap
        -0.0803,  # ring_residual
        0.1349,  # pivot_offset
        -0.1161,  # tip_beside
        -0.4499,  # tip_off_ring
        0.5343,  # support
        -0.6519,  # scatter
        -0.0711,  # faint
        -1.0677,  # turn
        0.3706,  # no_ridge
        0.4358,  # sure_of_pointer
        2.0488,  # sure_of_ends
        -0.7606,  # second_tip
        -0.1071,  # second_end
        0.3763,  # small
        0.2414,  # blurred
        1.2267,  # glare
        -0.1619,  # oblique
        -0.6482,  # narrow
        1.1825,  # at_an_end
        -0.1050,  # evenness
        0.3823,  # typical_mark
        -0.2626,  # end_marks
        -0.5570,  # beyond
        -0.1358,  # beyond_mean
        -0.1528,  # no_marks
        -0.1386,  # marks_found
        -0.2381,  # marks_scatter
        0.0717,  # marks_even
        -0.2460,  # apart
        -1.4221,  # far_apart
        -0.2132,  # alone
        1.7764,  # rules
        0.0000,  # strip_reading
        0.0000,  # strip_start
        0.0000,  # strip_end
        0.0000,  # strip_all
        0.0000,  # strip_reading_sure
        0.0000,  # strip_start_sure
        0.0000,  # strip_end_sure
        0.0000,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

DIAL_PLACED = Weights(
    0.90,
    0.1588,
    (
        0.4277,  # scale_score
        1.7962,  # pointer_score
        0.0907,  # pivot_score
        0.6603,  # tip_score
        -0.0517,  # start_score
        -0.0113,  # end_score
        -0.0347,  # weakest_end
        0.0150,  # end_gap
        -0.0723,  # ring_residual
        -0.1755,  # pivot_offset
        -0.3174,  # tip_beside
        -0.8256,  # tip_off_ring
        0.8227,  # support
        -0.8883,  # scatter
        -0.4132,  # faint
        -1.6025,  # turn
        0.0565,  # no_ridge
        2.6541,  # sure_of_pointer
        0.7222,  # sure_of_ends
        -1.2602,  # second_tip
        -0.1257,  # second_end
        0.1572,  # small
        0.0269,  # blurred
        0.8368,  # glare
        0.5310,  # oblique
        -0.5289,  # narrow
        0.3881,  # at_an_end
        -0.5327,  # evenness
        -0.1841,  # typical_mark
        -0.2797,  # end_marks
        0.5566,  # beyond
        0.0886,  # beyond_mean
        0.0594,  # no_marks
        -0.0506,  # marks_found
        -0.1126,  # marks_scatter
        0.1782,  # marks_even
        -0.2364,  # apart
        -1.4088,  # far_apart
        0.0249,  # alone
        0.6883,  # rules
        0.0000,  # strip_reading
        0.0000,  # strip_start
        0.0000,  # strip_end
        0.0000,  # strip_all
        0.0000,  # strip_reading_sure
        0.0000,  # strip_start_sure
        0.0000,  # strip_end_sure
        0.0000,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE = Weights(
    0.94,
    -1.3854,
    (
        -0.1541,  # tube_score
        1.4643,  # surface_score
        0.9185,  # liquid_score
        0.6208,  # both
        -0.7008,  # spread
        0.1244,  # start_score
        -0.3101,  # end_score
        1.1597,  # weakest_end
        -1.1016,  # end_gap
        -0.0812,  # faint
        -0.8067,  # small
        -0.2441,  # at_an_end
        0.4356,  # narrow
        -0.1829,  # apart
        -0.3433,  # far_apart
        -0.0197,  # alone
        0.2718,  # rules
        -0.4752,  # graduated
        -0.0108,  # comb_evenness
        0.1271,  # comb_ends
        -0.5300,  # comb_beyond
        0.2293,  # comb_teeth
        -0.4227,  # comb_shift
        1.1575,  # comb_sure
        -0.3917,  # comb_missed
        0.2376,  # off_foot
        -0.3096,  # off_head
        0.0000,  # strip_reading
        0.0000,  # strip_start
        0.0000,  # strip_end
        0.0000,  # strip_all
        0.0000,  # strip_reading_sure
        0.0000,  # strip_start_sure
        0.0000,  # strip_end_sure
        0.0000,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE_PLACED = Weights(
    0.93,
    -0.8074,
    (
        0.5338,  # tube_score
        2.8543,  # surface_score
        1.0623,  # liquid_score
        1.2097,  # both
        -1.8699,  # spread
        -0.2980,  # start_score
        -0.3490,  # end_score
        -0.1166,  # weakest_end
        -0.6696,  # end_gap
        -0.8279,  # faint
        -0.7690,  # small
        0.0986,  # at_an_end
        0.1230,  # narrow
        -0.2146,  # apart
        -0.3522,  # far_apart
        -0.0332,  # alone
        0.2204,  # rules
        0.0619,  # graduated
        0.2578,  # comb_evenness
        -0.3997,  # comb_ends
        -0.1292,  # comb_beyond
        0.0211,  # comb_teeth
        -0.2694,  # comb_shift
        0.3074,  # comb_sure
        0.3292,  # comb_missed
        0.0164,  # off_foot
        -0.2335,  # off_head
        0.0000,  # strip_reading
        0.0000,  # strip_start
        0.0000,  # strip_end
        0.0000,  # strip_all
        0.0000,  # strip_reading_sure
        0.0000,  # strip_start_sure
        0.0000,  # strip_end_sure
        0.0000,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)
