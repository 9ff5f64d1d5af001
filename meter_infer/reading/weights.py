"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.87,
    -1.6575,
    (
        0.5241,  # scale_score
        0.6500,  # pointer_score
        -0.2598,  # pivot_score
        0.3170,  # tip_score
        0.2439,  # start_score
        0.4719,  # end_score
        0.1976,  # weakest_end
        -0.4174,  # end_gap
        0.0229,  # ring_residual
        -0.2528,  # pivot_offset
        -0.0373,  # tip_beside
        -0.1352,  # tip_off_ring
        0.4557,  # support
        -1.1220,  # scatter
        -0.3870,  # faint
        -0.6394,  # turn
        0.1472,  # no_ridge
        0.9159,  # sure_of_pointer
        1.2838,  # sure_of_ends
        -0.3163,  # second_tip
        -0.8894,  # second_end
        0.5387,  # small
        0.1109,  # blurred
        0.3461,  # glare
        -0.1744,  # oblique
        -0.9251,  # narrow
        1.6183,  # at_an_end
        0.4477,  # evenness
        0.3147,  # typical_mark
        -0.0162,  # end_marks
        -0.3882,  # beyond
        -0.3938,  # beyond_mean
        0.2990,  # no_marks
        -0.5154,  # apart
        -0.8605,  # far_apart
        -0.0072,  # alone
        1.8170,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.84,
    0.7115,
    (
        0.0379,  # scale_score
        1.6003,  # pointer_score
        -0.0971,  # pivot_score
        0.6553,  # tip_score
        0.0071,  # start_score
        -0.0141,  # end_score
        0.1096,  # weakest_end
        -0.2900,  # end_gap
        0.0472,  # ring_residual
        0.0437,  # pivot_offset
        -0.5697,  # tip_beside
        -0.2960,  # tip_off_ring
        0.6812,  # support
        -1.2585,  # scatter
        -0.3536,  # faint
        -1.4925,  # turn
        0.6170,  # no_ridge
        1.9865,  # sure_of_pointer
        0.0555,  # sure_of_ends
        -0.9842,  # second_tip
        0.2016,  # second_end
        0.0890,  # small
        0.4877,  # blurred
        0.6102,  # glare
        0.1108,  # oblique
        -0.5493,  # narrow
        0.7507,  # at_an_end
        -0.0108,  # evenness
        -0.1192,  # typical_mark
        -0.3793,  # end_marks
        0.2266,  # beyond
        0.1019,  # beyond_mean
        -0.3487,  # no_marks
        -0.5547,  # apart
        -0.7367,  # far_apart
        0.2314,  # alone
        1.3370,  # rules
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
        0.0,  # comb_sure
        0.0,  # comb_missed
        0.0,  # off_foot
        0.0,  # off_head
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
        0.0,  # comb_sure
        0.0,  # comb_missed
        0.0,  # off_foot
        0.0,  # off_head
    ),
)
