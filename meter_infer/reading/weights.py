"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.88,
    -1.7430,
    (
        0.6536,  # scale_score
        0.1227,  # pointer_score
        -0.6107,  # pivot_score
        0.6973,  # tip_score
        0.7437,  # start_score
        0.4812,  # end_score
        1.4402,  # weakest_end
        0.3818,  # end_gap
        -0.0520,  # ring_residual
        -0.5828,  # pivot_offset
        -0.6664,  # tip_beside
        -0.2893,  # tip_off_ring
        0.8264,  # support
        -1.1400,  # scatter
        -0.1525,  # faint
        -0.3025,  # turn
        0.0049,  # no_ridge
        0.0,  # sure_of_pointer
        0.0,  # sure_of_ends
        -0.0162,  # second_tip
        -1.3787,  # second_end
        0.3757,  # small
        0.1617,  # blurred
        0.3272,  # glare
        0.0107,  # oblique
        -1.8099,  # narrow
        1.5003,  # at_an_end
        0.4066,  # evenness
        0.1102,  # typical_mark
        0.8225,  # end_marks
        -0.4487,  # beyond
        -0.6861,  # beyond_mean
        0.4373,  # no_marks
        -0.7847,  # apart
        -0.7376,  # far_apart
        0.0680,  # alone
        1.5192,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.90,
    1.3897,
    (
        0.2393,  # scale_score
        1.0215,  # pointer_score
        -0.0065,  # pivot_score
        1.3194,  # tip_score
        0.3610,  # start_score
        -0.2961,  # end_score
        0.1389,  # weakest_end
        0.3605,  # end_gap
        -0.0515,  # ring_residual
        -0.1629,  # pivot_offset
        -0.9851,  # tip_beside
        -0.6306,  # tip_off_ring
        1.0648,  # support
        -1.1386,  # scatter
        -0.3532,  # faint
        -1.4292,  # turn
        0.2104,  # no_ridge
        0.0,  # sure_of_pointer
        0.0,  # sure_of_ends
        -0.5258,  # second_tip
        -0.1338,  # second_end
        -0.3047,  # small
        0.4272,  # blurred
        0.7131,  # glare
        -0.0919,  # oblique
        -0.7847,  # narrow
        1.1007,  # at_an_end
        -0.1987,  # evenness
        -0.1926,  # typical_mark
        -0.2091,  # end_marks
        0.3002,  # beyond
        0.1991,  # beyond_mean
        -0.4238,  # no_marks
        -0.6110,  # apart
        -1.0703,  # far_apart
        0.1826,  # alone
        1.4258,  # rules
    ),
)

TUBE = Weights(
    0.89,
    -1.5770,
    (
        0.0693,  # tube_score
        1.3038,  # surface_score
        0.7606,  # liquid_score
        0.5800,  # both
        -0.5072,  # spread
        0.0428,  # start_score
        0.2034,  # end_score
        0.7343,  # weakest_end
        -0.7882,  # end_gap
        -0.6904,  # faint
        -0.9045,  # small
        -0.1513,  # at_an_end
        0.4486,  # narrow
        -0.3885,  # apart
        -0.2909,  # far_apart
        0.0563,  # alone
        0.6668,  # rules
        0.0671,  # graduated
        0.0063,  # comb_evenness
        0.2229,  # comb_ends
        -0.0183,  # comb_beyond
        0.2030,  # comb_teeth
        -0.4687,  # comb_shift
    ),
)

TUBE_PLACED = Weights(
    0.93,
    -0.3164,
    (
        -0.1040,  # tube_score
        2.5954,  # surface_score
        0.4583,  # liquid_score
        1.8476,  # both
        -1.4998,  # spread
        0.0960,  # start_score
        -0.5391,  # end_score
        -0.0655,  # weakest_end
        -0.7470,  # end_gap
        -1.2696,  # faint
        -0.5668,  # small
        0.0675,  # at_an_end
        0.2225,  # narrow
        -0.3197,  # apart
        -0.6909,  # far_apart
        -0.0681,  # alone
        0.6323,  # rules
        -0.0447,  # graduated
        -0.1434,  # comb_evenness
        -0.0950,  # comb_ends
        0.1372,  # comb_beyond
        -0.0502,  # comb_teeth
        -0.3198,  # comb_shift
    ),
)
