"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -3.9785,
    (
        0.4116,  # evenness
        0.6134,  # fainter_end
        0.3959,  # clearer_end
        -2.2637,  # beyond
        -1.8065,  # residual
        0.8135,  # few_teeth
        0.3843,  # many_teeth
        0.3708,  # straight
        1.0439,  # straight_wider
        1.3662,  # room
        1.5202,  # fine
        -2.0766,  # lean
        0.5549,  # at_start
        0.0916,  # at_end
        1.3586,  # at_worse
        0.8572,  # near_start
        0.4225,  # near_end
        0.4916,  # near_worse
        1.9426,  # at_tube_ends
        0.7605,  # inside_foot
        1.9907,  # inside_head
        -1.2530,  # finer_one
        2.4310,  # confirmed
        0.3314,  # short_end
        -0.1065,  # long_end
        -4.3405,  # shift
        0.0000,  # told_start
        0.0000,  # told_end
        0.0000,  # told_worse
        0.0000,  # told_sure
        0.0000,  # untold
    ),
)
