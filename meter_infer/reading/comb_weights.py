"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -3.5189,
    (
        1.1531,  # evenness
        1.4177,  # fainter_end
        -0.9243,  # clearer_end
        -0.7843,  # beyond
        -2.1643,  # residual
        -1.0320,  # few_teeth
        0.2912,  # many_teeth
        0.1145,  # straight
        -0.2134,  # straight_wider
        0.5273,  # room
        1.2035,  # fine
        -1.7081,  # lean
        -1.2134,  # at_start
        -1.6177,  # at_end
        -0.5293,  # at_worse
        1.0046,  # near_start
        0.5352,  # near_end
        0.7876,  # near_worse
        2.0125,  # at_tube_ends
        0.2839,  # inside_foot
        0.4303,  # inside_head
        -1.2626,  # finer_one
        1.6498,  # confirmed
        0.2001,  # short_end
        -0.0966,  # long_end
        -1.7989,  # shift
        1.3185,  # told_start
        1.3981,  # told_end
        6.0248,  # told_worse
        -0.4808,  # told_sure
        0.0000,  # untold
    ),
)
