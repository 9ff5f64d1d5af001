"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -3.8571,
    (
        -0.3347,  # evenness
        0.6516,  # fainter_end
        1.0273,  # clearer_end
        -0.5673,  # beyond
        -0.9832,  # residual
        -0.4365,  # few_teeth
        0.4400,  # many_teeth
        0.1547,  # straight
        0.5226,  # straight_wider
        0.4793,  # room
        0.2849,  # fine
        -0.9343,  # lean
        0.9729,  # at_start
        -0.4083,  # at_end
        0.6946,  # at_worse
        1.7351,  # near_start
        -0.8728,  # near_end
        0.5182,  # near_worse
        1.1263,  # at_tube_ends
        0.7778,  # inside_foot
        0.7739,  # inside_head
        -0.4476,  # finer_one
        2.1399,  # confirmed
        0.0784,  # short_end
        -0.1288,  # long_end
        -2.4271,  # shift
        0.2172,  # told_start
        0.6649,  # told_end
        3.0097,  # told_worse
        0.1939,  # told_sure
        0.0000,  # untold
    ),
)
