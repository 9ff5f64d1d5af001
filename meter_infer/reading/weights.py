"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.92,
    -3.1110,
    (
        -0.2623,  # scale_score
        0.9310,  # pointer_score
        0.0194,  # pivot_score
        0.4493,  # tip_score
        0.2010,  # start_score
        0.0420,  # end_score
        -0.0466,  # weakest_end
        -0.0150,  # end_gap
        -0.6354,  # ring_residual
        0.2060,  # pivot_offset
        0.2321,  # tip_beside
        -0.3829,  # tip_off_ring
        0.2025,  # support
        -0.7227,  # scatter
        0.7103,  # faint
        -0.4851,  # turn
        0.2348,  # no_ridge
        -0.7512,  # sure_of_pointer
        0.8688,  # sure_of_ends
        -1.0726,  # second_tip
        -0.2822,  # second_end
        0.3690,  # small
        0.4995,  # blurred
        0.6740,  # glare
        0.2229,  # oblique
        0.6269,  # narrow
        0.7637,  # at_an_end
        -0.1136,  # evenness
        0.9861,  # typical_mark
        -0.1758,  # end_marks
        0.0073,  # beyond
        -0.3156,  # beyond_mean
        0.4358,  # no_marks
        0.3539,  # marks_found
        0.4516,  # marks_scatter
        0.4516,  # marks_even
        -0.4698,  # apart
        -0.6135,  # far_apart
        0.0799,  # alone
        0.7503,  # rules
        0.6592,  # strip_reading
        0.3391,  # strip_start
        0.7956,  # strip_end
        1.4529,  # strip_all
        0.1004,  # strip_reading_sure
        -0.1678,  # strip_start_sure
        -0.5932,  # strip_end_sure
        2.2763,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

DIAL_PLACED = Weights(
    0.74,
    -1.9561,
    (
        0.3135,  # scale_score
        2.0096,  # pointer_score
        -0.1260,  # pivot_score
        0.6449,  # tip_score
        0.3895,  # start_score
        -0.1192,  # end_score
        -0.3890,  # weakest_end
        -0.2710,  # end_gap
        -0.5090,  # ring_residual
        0.0088,  # pivot_offset
        -0.3188,  # tip_beside
        -0.5240,  # tip_off_ring
        0.2071,  # support
        -0.6099,  # scatter
        0.3387,  # faint
        -0.1829,  # turn
        -0.1305,  # no_ridge
        -0.6448,  # sure_of_pointer
        -0.0815,  # sure_of_ends
        -1.1336,  # second_tip
        -0.0363,  # second_end
        -0.2884,  # small
        0.1686,  # blurred
        0.5979,  # glare
        0.4417,  # oblique
        0.5332,  # narrow
        -0.1271,  # at_an_end
        -0.4175,  # evenness
        0.1049,  # typical_mark
        0.3495,  # end_marks
        -0.0314,  # beyond
        -0.0261,  # beyond_mean
        0.4847,  # no_marks
        0.1661,  # marks_found
        0.4014,  # marks_scatter
        0.1334,  # marks_even
        -0.1372,  # apart
        -0.6097,  # far_apart
        -0.0294,  # alone
        0.4044,  # rules
        1.8643,  # strip_reading
        -0.0296,  # strip_start
        0.7164,  # strip_end
        0.7929,  # strip_all
        2.1316,  # strip_reading_sure
        -0.3794,  # strip_start_sure
        -0.4665,  # strip_end_sure
        1.1477,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE = Weights(
    0.96,
    -1.5375,
    (
        -0.0345,  # tube_score
        0.3179,  # surface_score
        1.0367,  # liquid_score
        -0.0763,  # both
        -0.5126,  # spread
        0.0084,  # start_score
        -0.5776,  # end_score
        0.6081,  # weakest_end
        -0.1792,  # end_gap
        -0.7168,  # faint
        0.2138,  # small
        -0.0354,  # at_an_end
        -0.2267,  # narrow
        0.1964,  # apart
        -0.9091,  # far_apart
        -0.1819,  # alone
        -0.1345,  # rules
        0.0982,  # graduated
        0.5685,  # comb_evenness
        0.5806,  # comb_ends
        -0.4343,  # comb_beyond
        -0.3101,  # comb_teeth
        0.1888,  # comb_shift
        0.1096,  # comb_sure
        -0.7790,  # comb_missed
        -0.0404,  # off_foot
        -0.2838,  # off_head
        0.6887,  # strip_reading
        -0.1343,  # strip_start
        -0.2821,  # strip_end
        1.4021,  # strip_all
        0.9873,  # strip_reading_sure
        0.3732,  # strip_start_sure
        0.2408,  # strip_end_sure
        2.1142,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE_PLACED = Weights(
    0.94,
    -1.6024,
    (
        0.3681,  # tube_score
        0.6088,  # surface_score
        1.0517,  # liquid_score
        0.6199,  # both
        -1.0402,  # spread
        0.0419,  # start_score
        -0.0940,  # end_score
        -0.2806,  # weakest_end
        0.1405,  # end_gap
        -1.2803,  # faint
        0.1998,  # small
        0.3873,  # at_an_end
        -0.1107,  # narrow
        0.2962,  # apart
        -0.8765,  # far_apart
        -0.2218,  # alone
        -0.3613,  # rules
        -0.0331,  # graduated
        0.1131,  # comb_evenness
        -0.2154,  # comb_ends
        -0.1411,  # comb_beyond
        -0.1833,  # comb_teeth
        -0.4355,  # comb_shift
        0.2310,  # comb_sure
        0.0498,  # comb_missed
        0.0939,  # off_foot
        -0.0077,  # off_head
        1.9576,  # strip_reading
        -0.2004,  # strip_start
        -0.3374,  # strip_end
        0.1014,  # strip_all
        3.1478,  # strip_reading_sure
        -0.0075,  # strip_start_sure
        0.0764,  # strip_end_sure
        0.2046,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)
