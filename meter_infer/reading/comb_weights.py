"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -4.3046,
    (
        0.8043,  # evenness
        1.5944,  # fainter_end
        -0.3296,  # clearer_end
        -1.0816,  # beyond
        -1.6924,  # residual
        -0.2747,  # few_teeth
        0.2578,  # many_teeth
        -0.3756,  # straight
        0.6863,  # straight_wider
        0.6282,  # room
        0.5465,  # fine
        -1.5633,  # lean
        -1.1431,  # at_start
        -0.9184,  # at_end
        -0.2785,  # at_worse
        1.5321,  # near_start
        0.0781,  # near_end
        0.3404,  # near_worse
        1.7712,  # at_tube_ends
        0.1058,  # inside_foot
        0.7717,  # inside_head
        -1.5546,  # finer_one
        1.9188,  # confirmed
        0.3835,  # short_end
        -0.4724,  # long_end
        -2.2432,  # shift
        1.2447,  # told_start
        1.1646,  # told_end
        5.5244,  # told_worse
        -0.7470,  # told_sure
        0.0000,  # untold
    ),
)
