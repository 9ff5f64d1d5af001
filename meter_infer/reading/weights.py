"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.87,
    -1.1641,
    (
        0.4665,  # scale_score
        0.3131,  # pointer_score
        -0.6417,  # pivot_score
        0.6383,  # tip_score
        0.8137,  # start_score
        0.0949,  # end_score
        1.3513,  # weakest_end
        0.2874,  # end_gap
        0.0812,  # ring_residual
        -0.3633,  # pivot_offset
        -0.5033,  # tip_beside
        -0.0618,  # tip_off_ring
        1.0656,  # support
        -1.0139,  # scatter
        -0.4984,  # faint
        -0.5977,  # turn
        -0.2360,  # no_ridge
        0.0987,  # rival
        -0.3075,  # second_tip
        -1.0596,  # second_end
        -0.1324,  # small
        -0.2264,  # blurred
        0.3539,  # glare
        -0.4464,  # oblique
        -1.3498,  # narrow
        1.1992,  # at_an_end
        0.5555,  # evenness
        -0.1304,  # typical_mark
        0.6269,  # end_marks
        -0.3546,  # beyond
        -0.6431,  # beyond_mean
        -0.0202,  # no_marks
        -0.7577,  # apart
        -0.7358,  # far_apart
        0.0561,  # alone
        1.8240,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.68,
    1.7303,
    (
        0.0024,  # scale_score
        0.8212,  # pointer_score
        0.0880,  # pivot_score
        1.1759,  # tip_score
        0.2708,  # start_score
        -0.4455,  # end_score
        0.0524,  # weakest_end
        0.2623,  # end_gap
        -0.1130,  # ring_residual
        -0.2442,  # pivot_offset
        -0.7445,  # tip_beside
        -0.5234,  # tip_off_ring
        1.2851,  # support
        -0.6655,  # scatter
        -0.7106,  # faint
        -1.5009,  # turn
        -0.0771,  # no_ridge
        -0.3011,  # rival
        -0.6299,  # second_tip
        -0.3094,  # second_end
        -0.5782,  # small
        0.3066,  # blurred
        0.6007,  # glare
        -0.0811,  # oblique
        -0.2694,  # narrow
        1.1191,  # at_an_end
        -0.0982,  # evenness
        -0.0788,  # typical_mark
        -0.3917,  # end_marks
        0.3824,  # beyond
        0.2080,  # beyond_mean
        -0.6423,  # no_marks
        -0.6342,  # apart
        -0.9954,  # far_apart
        0.1914,  # alone
        1.5381,  # rules
    ),
)

TUBE = Weights(
    0.91,
    -1.4357,
    (
        -0.1602,  # tube_score
        1.3685,  # surface_score
        0.6122,  # liquid_score
        0.7988,  # both
        -0.6284,  # spread
        0.1475,  # start_score
        0.1969,  # end_score
        0.6070,  # weakest_end
        -0.4981,  # end_gap
        -0.3535,  # faint
        -0.1635,  # small
        -0.1161,  # at_an_end
        0.7730,  # narrow
        -0.4216,  # apart
        -0.2699,  # far_apart
        0.0671,  # alone
        0.4849,  # rules
        0.1673,  # graduated
        0.1202,  # comb_evenness
        0.2653,  # comb_ends
        -0.0186,  # comb_beyond
        0.0066,  # comb_teeth
        -0.2549,  # comb_shift
    ),
)

TUBE_PLACED = Weights(
    0.90,
    -0.8036,
    (
        0.2182,  # tube_score
        2.3435,  # surface_score
        0.6504,  # liquid_score
        1.8647,  # both
        -1.3334,  # spread
        0.0721,  # start_score
        -0.2607,  # end_score
        -0.0107,  # weakest_end
        -0.4858,  # end_gap
        -1.1573,  # faint
        -0.1851,  # small
        0.2524,  # at_an_end
        0.0577,  # narrow
        -0.4361,  # apart
        -0.6123,  # far_apart
        -0.0198,  # alone
        0.5938,  # rules
        0.0207,  # graduated
        -0.0098,  # comb_evenness
        -0.1257,  # comb_ends
        0.1455,  # comb_beyond
        -0.2314,  # comb_teeth
        -0.0967,  # comb_shift
    ),
)
