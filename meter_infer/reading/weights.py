"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.92,
    -2.5200,
    (
        -0.2560,  # scale_score
        0.8175,  # pointer_score
        -0.0116,  # pivot_score
        0.5939,  # tip_score
        0.3566,  # start_score
        -0.1272,  # end_score
        0.0651,  # weakest_end
        0.1055,  # end_gap
        -0.4689,  # ring_residual
        0.3156,  # pivot_offset
        0.1300,  # tip_beside
        -0.1026,  # tip_off_ring
        0.4335,  # support
        -0.1744,  # scatter
        0.5887,  # faint
        -0.4088,  # turn
        0.0488,  # no_ridge
        -1.1137,  # sure_of_pointer
        0.7173,  # sure_of_ends
        -0.8325,  # second_tip
        -0.4429,  # second_end
        0.1563,  # small
        0.2006,  # blurred
        0.6606,  # glare
        0.0185,  # oblique
        0.6728,  # narrow
        0.9566,  # at_an_end
        -0.0076,  # evenness
        1.0704,  # typical_mark
        -0.1879,  # end_marks
        -0.1572,  # beyond
        -0.6915,  # beyond_mean
        0.2552,  # no_marks
        0.3013,  # marks_found
        0.2838,  # marks_scatter
        -0.0219,  # marks_even
        -0.3116,  # apart
        -1.1519,  # far_apart
        -0.0591,  # alone
        0.8772,  # rules
        0.7906,  # strip_reading
        -0.1392,  # strip_start
        0.4668,  # strip_end
        1.7545,  # strip_all
        0.1090,  # strip_reading_sure
        0.0009,  # strip_start_sure
        -0.6097,  # strip_end_sure
        2.3199,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

DIAL_PLACED = Weights(
    0.77,
    -1.8730,
    (
        0.4704,  # scale_score
        2.1687,  # pointer_score
        -0.1159,  # pivot_score
        0.6905,  # tip_score
        -0.0613,  # start_score
        -0.1188,  # end_score
        -0.3374,  # weakest_end
        -0.3385,  # end_gap
        -0.4763,  # ring_residual
        0.0089,  # pivot_offset
        -0.3409,  # tip_beside
        -0.2364,  # tip_off_ring
        0.3413,  # support
        -0.5407,  # scatter
        0.5012,  # faint
        -0.1027,  # turn
        -0.2045,  # no_ridge
        -0.6098,  # sure_of_pointer
        0.2416,  # sure_of_ends
        -1.2370,  # second_tip
        -0.0514,  # second_end
        -0.4044,  # small
        -0.0343,  # blurred
        0.4539,  # glare
        0.3001,  # oblique
        0.6426,  # narrow
        -0.0053,  # at_an_end
        -0.5226,  # evenness
        0.4423,  # typical_mark
        0.1460,  # end_marks
        -0.0338,  # beyond
        0.0550,  # beyond_mean
        0.3096,  # no_marks
        -0.0013,  # marks_found
        0.4546,  # marks_scatter
        0.2407,  # marks_even
        -0.1671,  # apart
        -0.8155,  # far_apart
        -0.0204,  # alone
        0.2465,  # rules
        2.1198,  # strip_reading
        -0.0535,  # strip_start
        0.1351,  # strip_end
        1.0286,  # strip_all
        2.1276,  # strip_reading_sure
        -0.1896,  # strip_start_sure
        -0.6327,  # strip_end_sure
        1.0386,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE = Weights(
    0.97,
    -1.2096,
    (
        -0.4475,  # tube_score
        0.6863,  # surface_score
        1.1726,  # liquid_score
        0.1465,  # both
        -0.3180,  # spread
        0.1887,  # start_score
        -1.3645,  # end_score
        0.8317,  # weakest_end
        -0.6039,  # end_gap
        -0.1759,  # faint
        -0.8210,  # small
        0.0590,  # at_an_end
        0.4182,  # narrow
        -0.2182,  # apart
        -0.4798,  # far_apart
        0.0498,  # alone
        0.0266,  # rules
        0.2771,  # graduated
        0.2360,  # comb_evenness
        0.1052,  # comb_ends
        0.4660,  # comb_beyond
        0.0610,  # comb_teeth
        0.5461,  # comb_shift
        0.0731,  # comb_sure
        -1.1821,  # comb_missed
        -0.0127,  # off_foot
        -0.3208,  # off_head
        0.8147,  # strip_reading
        -0.6643,  # strip_start
        0.2057,  # strip_end
        1.0099,  # strip_all
        0.7681,  # strip_reading_sure
        0.9759,  # strip_start_sure
        0.7709,  # strip_end_sure
        0.9248,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE_PLACED = Weights(
    0.95,
    -1.9066,
    (
        0.4228,  # tube_score
        0.8870,  # surface_score
        1.2918,  # liquid_score
        0.9282,  # both
        -0.7421,  # spread
        0.3007,  # start_score
        -0.5485,  # end_score
        -0.0791,  # weakest_end
        -0.2930,  # end_gap
        -0.7368,  # faint
        -0.5393,  # small
        0.2811,  # at_an_end
        -0.0745,  # narrow
        -0.1304,  # apart
        -0.6455,  # far_apart
        0.0159,  # alone
        -0.1978,  # rules
        0.6674,  # graduated
        -0.0856,  # comb_evenness
        -0.4333,  # comb_ends
        0.5003,  # comb_beyond
        -0.0616,  # comb_teeth
        0.1823,  # comb_shift
        -0.2365,  # comb_sure
        -0.2758,  # comb_missed
        0.0098,  # off_foot
        0.0100,  # off_head
        1.9007,  # strip_reading
        -0.1856,  # strip_start
        -0.1731,  # strip_end
        0.3910,  # strip_all
        2.0231,  # strip_reading_sure
        -0.0308,  # strip_start_sure
        0.6447,  # strip_end_sure
        0.1874,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)
