"""Weights of the evidence. Written by `meter-infer train confidence`; do not edit by hand."""

from meter_infer.reading.evidence import Weights

DIAL = Weights(
    0.932,
    -2.4050,
    (
        0.2432,  # scale_score
        0.6408,  # pointer_score
        0.0906,  # pivot_score
        -0.3290,  # tip_score
        0.3459,  # start_score
        -0.1172,  # end_score
        0.6909,  # weakest_end
        -0.2357,  # end_gap
        0.1291,  # ring_residual
        -0.2453,  # pivot_offset
        -0.0337,  # tip_beside
        -0.4295,  # tip_off_ring
        0.5409,  # support
        -0.5399,  # scatter
        -0.5440,  # faint
        -0.5126,  # turn
        0.0000,  # no_ridge
        -0.1646,  # sure_of_pointer
        0.4537,  # sure_of_ends
        -0.1283,  # second_tip
        -0.2745,  # second_end
        0.2698,  # small
        -0.2239,  # blurred
        -0.2312,  # glare
        -0.3092,  # oblique
        0.5351,  # narrow
        1.6868,  # at_an_end
        0.0655,  # evenness
        0.5482,  # typical_mark
        0.0813,  # end_marks
        -0.3774,  # beyond
        -0.4148,  # beyond_mean
        0.0044,  # no_marks
        -0.2193,  # marks_found
        0.3943,  # marks_scatter
        0.7957,  # marks_even
        -0.4589,  # apart
        -0.6634,  # far_apart
        0.1720,  # alone
        0.1550,  # rules
        0.6335,  # strip_reading
        0.5684,  # strip_start
        0.1381,  # strip_end
        1.1915,  # strip_all
        -0.0415,  # strip_reading_sure
        0.0045,  # strip_start_sure
        -0.1124,  # strip_end_sure
        2.3620,  # strip_all_sure
        0.0000,  # strip_unasked
        0.0000,  # strip_law
        0.0000,  # strip_value
        0.0000,  # strip_law_sure
        0.0000,  # strip_value_sure
    ),
)

DIAL_PLACED = Weights(
    0.880,
    -0.8651,
    (
        0.0036,  # scale_score
        0.6490,  # pointer_score
        0.6667,  # pivot_score
        0.0540,  # tip_score
        0.1803,  # start_score
        0.0560,  # end_score
        -0.1085,  # weakest_end
        -0.4136,  # end_gap
        0.2741,  # ring_residual
        0.6055,  # pivot_offset
        -0.4821,  # tip_beside
        -0.3885,  # tip_off_ring
        0.5193,  # support
        -1.0480,  # scatter
        -0.5713,  # faint
        -0.6018,  # turn
        0.0000,  # no_ridge
        0.8931,  # sure_of_pointer
        -0.3482,  # sure_of_ends
        -0.6882,  # second_tip
        -0.0126,  # second_end
        -0.2496,  # small
        -0.1454,  # blurred
        -0.0684,  # glare
        0.4775,  # oblique
        0.1082,  # narrow
        -0.4140,  # at_an_end
        0.1993,  # evenness
        -0.1471,  # typical_mark
        0.0090,  # end_marks
        -0.3472,  # beyond
        -0.2994,  # beyond_mean
        -0.2332,  # no_marks
        -0.1649,  # marks_found
        0.1316,  # marks_scatter
        0.0089,  # marks_even
        -0.0614,  # apart
        -0.2041,  # far_apart
        0.0461,  # alone
        0.3992,  # rules
        1.6512,  # strip_reading
        -0.0663,  # strip_start
        0.1204,  # strip_end
        0.9625,  # strip_all
        1.7999,  # strip_reading_sure
        -0.6670,  # strip_start_sure
        -0.0231,  # strip_end_sure
        1.1271,  # strip_all_sure
        0.0000,  # strip_unasked
        0.0000,  # strip_law
        0.0000,  # strip_value
        0.0000,  # strip_law_sure
        0.0000,  # strip_value_sure
    ),
)

TUBE = Weights(
    0.968,
    -1.4252,
    (
        0.3129,  # tube_score
        0.2383,  # surface_score
        1.3098,  # liquid_score
        0.0552,  # both
        -0.3551,  # spread
        -0.2385,  # start_score
        -0.4718,  # end_score
        0.7525,  # weakest_end
        -0.0184,  # end_gap
        -0.7545,  # faint
        0.0480,  # small
        -0.0813,  # at_an_end
        0.2047,  # narrow
        0.0445,  # apart
        -0.8860,  # far_apart
        -0.0865,  # alone
        -0.4217,  # rules
        0.5322,  # graduated
        0.3115,  # comb_evenness
        0.8919,  # comb_ends
        -0.0069,  # comb_beyond
        -0.0519,  # comb_teeth
        0.8650,  # comb_shift
        -0.6219,  # comb_sure
        -0.8335,  # comb_missed
        0.1096,  # off_foot
        -0.5908,  # off_head
        0.2283,  # strip_reading
        0.0124,  # strip_start
        0.0800,  # strip_end
        1.9517,  # strip_all
        0.7383,  # strip_reading_sure
        0.0266,  # strip_start_sure
        -0.2015,  # strip_end_sure
        2.4143,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)

TUBE_PLACED = Weights(
    0.948,
    -1.5389,
    (
        0.3716,  # tube_score
        0.5852,  # surface_score
        1.3355,  # liquid_score
        0.4847,  # both
        -0.7024,  # spread
        0.0061,  # start_score
        0.4102,  # end_score
        -0.1918,  # weakest_end
        0.1307,  # end_gap
        -1.2514,  # faint
        0.0638,  # small
        0.3067,  # at_an_end
        0.3808,  # narrow
        -0.1970,  # apart
        -0.7596,  # far_apart
        0.0466,  # alone
        -0.4021,  # rules
        0.3188,  # graduated
        -0.3337,  # comb_evenness
        -0.0857,  # comb_ends
        -0.0771,  # comb_beyond
        -0.1224,  # comb_teeth
        0.1880,  # comb_shift
        0.0386,  # comb_sure
        0.0358,  # comb_missed
        0.2279,  # off_foot
        -0.1235,  # off_head
        1.8049,  # strip_reading
        -0.1366,  # strip_start
        -0.2258,  # strip_end
        0.3139,  # strip_all
        3.4185,  # strip_reading_sure
        -0.1894,  # strip_start_sure
        -0.2838,  # strip_end_sure
        0.6445,  # strip_all_sure
        0.0000,  # strip_unasked
    ),
)
