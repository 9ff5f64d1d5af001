"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.80,
    -2.1258,
    (
        0.6133,  # scale_score
        0.8783,  # pointer_score
        0.1537,  # pivot_score
        0.0327,  # tip_score
        1.5305,  # start_score
        0.7349,  # end_score
        1.4008,  # weakest_end
        -0.9079,  # end_gap
        0.1299,  # ring_residual
        -0.1955,  # pivot_offset
        -0.6904,  # tip_beside
        -0.2761,  # tip_off_ring
        0.8529,  # support
        -0.4342,  # scatter
        -0.1492,  # faint
        -1.0372,  # turn
        -0.1303,  # no_ridge
        -0.6543,  # rival
        -0.3738,  # second_tip
        -0.4638,  # second_end
        -0.1143,  # small
        -0.1262,  # blurred
        -0.0582,  # glare
        0.1229,  # oblique
        -1.2731,  # narrow
        1.0407,  # at_an_end
        0.0000,  # evenness
        0.0000,  # typical_mark
        0.0000,  # end_marks
        0.0000,  # beyond
        0.0000,  # beyond_mean
        0.0000,  # no_marks
        0.0000,  # apart
        0.0000,  # far_apart
        0.0000,  # alone
        0.0000,  # rules
    ),
)

DIAL_PLACED = Weights(
    0.80,
    -2.1258,
    (
        0.6133,  # scale_score
        0.8783,  # pointer_score
        0.1537,  # pivot_score
        0.0327,  # tip_score
        1.5305,  # start_score
        0.7349,  # end_score
        1.4008,  # weakest_end
        -0.9079,  # end_gap
        0.1299,  # ring_residual
        -0.1955,  # pivot_offset
        -0.6904,  # tip_beside
        -0.2761,  # tip_off_ring
        0.8529,  # support
        -0.4342,  # scatter
        -0.1492,  # faint
        -1.0372,  # turn
        -0.1303,  # no_ridge
        -0.6543,  # rival
        -0.3738,  # second_tip
        -0.4638,  # second_end
        -0.1143,  # small
        -0.1262,  # blurred
        -0.0582,  # glare
        0.1229,  # oblique
        -1.2731,  # narrow
        1.0407,  # at_an_end
        0.0000,  # evenness
        0.0000,  # typical_mark
        0.0000,  # end_marks
        0.0000,  # beyond
        0.0000,  # beyond_mean
        0.0000,  # no_marks
        0.0000,  # apart
        0.0000,  # far_apart
        0.0000,  # alone
        0.0000,  # rules
    ),
)

TUBE = Weights(
    0.75,
    -1.4465,
    (
        -0.5765,  # tube_score
        1.6524,  # surface_score
        0.0370,  # liquid_score
        0.9120,  # both
        -0.7526,  # spread
        0.2221,  # start_score
        0.6268,  # end_score
        0.5309,  # weakest_end
        -0.6457,  # end_gap
        -0.5791,  # faint
        0.2259,  # small
        -0.6229,  # at_an_end
        0.5648,  # narrow
        0.0000,  # apart
        0.0000,  # far_apart
        0.0000,  # alone
        0.0000,  # rules
        0.0000,  # graduated
        0.0000,  # comb_evenness
        0.0000,  # comb_ends
        0.0000,  # comb_beyond
        0.0000,  # comb_teeth
        0.0000,  # comb_shift
    ),
)

TUBE_PLACED = Weights(
    0.75,
    -1.4465,
    (
        -0.5765,  # tube_score
        1.6524,  # surface_score
        0.0370,  # liquid_score
        0.9120,  # both
        -0.7526,  # spread
        0.2221,  # start_score
        0.6268,  # end_score
        0.5309,  # weakest_end
        -0.6457,  # end_gap
        -0.5791,  # faint
        0.2259,  # small
        -0.6229,  # at_an_end
        0.5648,  # narrow
        0.0000,  # apart
        0.0000,  # far_apart
        0.0000,  # alone
        0.0000,  # rules
        0.0000,  # graduated
        0.0000,  # comb_evenness
        0.0000,  # comb_ends
        0.0000,  # comb_beyond
        0.0000,  # comb_teeth
        0.0000,  # comb_shift
    ),
)
