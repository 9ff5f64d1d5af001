"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.87,
    0.0416,
    (
        0.4582,  # scale_score
        0.1914,  # pointer_score
        -0.3377,  # pivot_score
        0.3230,  # tip_score
        0.6384,  # start_score
        0.3791,  # end_score
        1.0842,  # weakest_end
        0.3330,  # end_gap
        -0.0921,  # ring_residual
        -0.5498,  # pivot_offset
        -0.2859,  # tip_beside
        -0.4389,  # tip_off_ring
        0.0574,  # support
        -0.6938,  # scatter
        -0.6783,  # faint
        -0.6667,  # turn
        0.2676,  # no_ridge
        -0.9327,  # rival
        0.0766,  # second_tip
        -0.4705,  # second_end
        0.1321,  # small
        -0.5790,  # blurred
        0.2369,  # glare
        -0.3686,  # oblique
        -0.9210,  # narrow
        1.2040,  # at_an_end
        0.8693,  # evenness
        -0.3194,  # typical_mark
        0.3817,  # end_marks
        -1.2232,  # beyond
        -0.9950,  # beyond_mean
        0.1356,  # no_marks
        -0.6025,  # apart
        -1.2063,  # far_apart
        0.0792,  # alone
        1.7429,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.78,
    1.8453,
    (
        -0.2515,  # scale_score
        1.4873,  # pointer_score
        -0.1492,  # pivot_score
        0.8996,  # tip_score
        -0.0914,  # start_score
        0.4267,  # end_score
        0.0234,  # weakest_end
        -0.1322,  # end_gap
        0.0141,  # ring_residual
        -0.2155,  # pivot_offset
        -0.2820,  # tip_beside
        -0.9686,  # tip_off_ring
        0.5519,  # support
        -1.1262,  # scatter
        -0.9700,  # faint
        -1.1234,  # turn
        0.4391,  # no_ridge
        -0.9792,  # rival
        -1.0207,  # second_tip
        -0.2597,  # second_end
        -0.1100,  # small
        0.1316,  # blurred
        0.5826,  # glare
        -0.4735,  # oblique
        -0.2646,  # narrow
        0.3200,  # at_an_end
        0.7486,  # evenness
        -0.5622,  # typical_mark
        -0.0066,  # end_marks
        -0.1179,  # beyond
        -0.2008,  # beyond_mean
        0.5621,  # no_marks
        -0.7523,  # apart
        -1.0306,  # far_apart
        -0.1016,  # alone
        1.3965,  # rules
    ),
)

TUBE = Weights(
    0.91,
    -0.4706,
    (
        -0.5568,  # tube_score
        1.5377,  # surface_score
        0.0432,  # liquid_score
        0.7433,  # both
        -0.4818,  # spread
        0.0591,  # start_score
        0.4765,  # end_score
        0.1495,  # weakest_end
        -0.4867,  # end_gap
        -0.4794,  # faint
        -0.4070,  # small
        -0.7530,  # at_an_end
        0.8894,  # narrow
        -0.6246,  # apart
        -0.3562,  # far_apart
        -0.5305,  # alone
        0.4973,  # rules
        0.0971,  # graduated
        0.1555,  # comb_evenness
        0.2130,  # comb_ends
        0.2664,  # comb_beyond
        0.1510,  # comb_teeth
        -0.5566,  # comb_shift
    ),
)

TUBE_PLACED = Weights(
    0.90,
    -0.2062,
    (
        -0.4519,  # tube_score
        2.5190,  # surface_score
        0.1710,  # liquid_score
        1.6971,  # both
        -0.8661,  # spread
        -0.0761,  # start_score
        0.0770,  # end_score
        -0.3175,  # weakest_end
        0.1517,  # end_gap
        -1.0363,  # faint
        0.0065,  # small
        -0.1873,  # at_an_end
        0.4561,  # narrow
        -0.2095,  # apart
        -0.8082,  # far_apart
        -0.4947,  # alone
        0.4485,  # rules
        0.2759,  # graduated
        0.1632,  # comb_evenness
        -0.0571,  # comb_ends
        0.2713,  # comb_beyond
        -0.3555,  # comb_teeth
        -0.1263,  # comb_shift
    ),
)
