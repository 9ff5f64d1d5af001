"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.93,
    -1.2121,
    (
        0.5521,  # scale_score
        0.3507,  # pointer_score
        0.0527,  # pivot_score
        0.4916,  # tip_score
        -0.1403,  # start_score
        0.3154,  # end_score
        0.4801,  # weakest_end
        -0.2310,  # end_gap
        0.2060,  # ring_residual
        -0.1447,  # pivot_offset
        -0.2347,  # tip_beside
        -0.2739,  # tip_off_ring
        0.1305,  # support
        -0.5264,  # scatter
        0.0714,  # faint
        -0.6828,  # turn
        0.1901,  # no_ridge
        0.5408,  # sure_of_pointer
        1.9068,  # sure_of_ends
        -0.4045,  # second_tip
        -0.5393,  # second_end
        0.0959,  # small
        -0.1695,  # blurred
        0.3240,  # glare
        -0.0153,  # oblique
        -0.9527,  # narrow
        1.3133,  # at_an_end
        0.1804,  # evenness
        0.3483,  # typical_mark
        -0.1508,  # end_marks
        -0.3962,  # beyond
        0.0025,  # beyond_mean
        0.1650,  # no_marks
        0.0,  # marks_found
        0.0,  # marks_scatter
        0.0,  # marks_even
        -0.1658,  # apart
        -1.4008,  # far_apart
        -0.2379,  # alone
        1.6167,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.88,
    0.7314,
    (
        0.0370,  # scale_score
        1.1341,  # pointer_score
        0.3585,  # pivot_score
        1.0322,  # tip_score
        0.1906,  # start_score
        -0.0146,  # end_score
        -0.0533,  # weakest_end
        -0.2308,  # end_gap
        0.0715,  # ring_residual
        -0.0334,  # pivot_offset
        -0.2466,  # tip_beside
        -0.7833,  # tip_off_ring
        0.5875,  # support
        -0.7978,  # scatter
        -0.4851,  # faint
        -1.3092,  # turn
        0.1109,  # no_ridge
        2.1689,  # sure_of_pointer
        0.6284,  # sure_of_ends
        -0.9433,  # second_tip
        -0.3005,  # second_end
        0.0195,  # small
        0.3478,  # blurred
        0.5350,  # glare
        0.2463,  # oblique
        -0.3861,  # narrow
        0.5866,  # at_an_end
        -0.2823,  # evenness
        -0.2926,  # typical_mark
        -0.4581,  # end_marks
        0.1170,  # beyond
        0.2783,  # beyond_mean
        -0.1485,  # no_marks
        0.0,  # marks_found
        0.0,  # marks_scatter
        0.0,  # marks_even
        -0.4539,  # apart
        -1.1268,  # far_apart
        0.1323,  # alone
        0.9260,  # rules
    ),
)

TUBE = Weights(
    0.93,
    -0.8713,
    (
        -0.5287,  # tube_score
        1.2215,  # surface_score
        1.1029,  # liquid_score
        0.5965,  # both
        -0.7904,  # spread
        0.2794,  # start_score
        -0.3819,  # end_score
        0.6102,  # weakest_end
        -0.9205,  # end_gap
        -0.4905,  # faint
        -0.5933,  # small
        -0.2849,  # at_an_end
        0.4788,  # narrow
        -0.3178,  # apart
        -0.2860,  # far_apart
        0.0311,  # alone
        0.3810,  # rules
        -0.1426,  # graduated
        -0.0293,  # comb_evenness
        0.0599,  # comb_ends
        -0.4478,  # comb_beyond
        0.1142,  # comb_teeth
        -0.5245,  # comb_shift
        0.9695,  # comb_sure
        -0.2644,  # comb_missed
        0.0307,  # off_foot
        -0.2622,  # off_head
    ),
)

TUBE_PLACED = Weights(
    0.92,
    -0.3038,
    (
        0.3726,  # tube_score
        2.5542,  # surface_score
        0.8775,  # liquid_score
        1.1727,  # both
        -1.8512,  # spread
        -0.5062,  # start_score
        -0.0813,  # end_score
        -0.3556,  # weakest_end
        -0.4946,  # end_gap
        -1.1401,  # faint
        -0.7519,  # small
        0.0686,  # at_an_end
        -0.0816,  # narrow
        -0.4145,  # apart
        -0.3594,  # far_apart
        0.0248,  # alone
        0.5151,  # rules
        -0.0085,  # graduated
        -0.0364,  # comb_evenness
        -0.3144,  # comb_ends
        -0.0165,  # comb_beyond
        -0.1533,  # comb_teeth
        -0.2683,  # comb_shift
        0.2874,  # comb_sure
        0.3951,  # comb_missed
        -0.1820,  # off_foot
        -0.0871,  # off_head
    ),
)
