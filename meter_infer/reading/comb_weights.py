"""What tells a graduation from other combs. Written by `meter-infer train graduations`."""

from meter_infer.reading.tube_comb import CombWeights

COMB = CombWeights(
    -4.7903,
    (
        -0.0170,  # evenness
        2.2828,  # fainter_end
        0.2702,  # clearer_end
        -1.4214,  # beyond
        -2.5517,  # residual
        -0.4524,  # few_teeth
        0.6889,  # many_teeth
        0.2814,  # straight
        0.1030,  # straight_wider
        0.3824,  # room
        0.7812,  # fine
        -1.8429,  # lean
        -0.9729,  # at_start
        -0.6894,  # at_end
        -0.4966,  # at_worse
        1.5646,  # near_start
        0.6836,  # near_end
        0.8305,  # near_worse
        2.2115,  # at_tube_ends
        0.3843,  # inside_foot
        0.9083,  # inside_head
        -1.0863,  # finer_one
        1.8872,  # confirmed
        0.4345,  # short_end
        -0.7985,  # long_end
        -2.0513,  # shift
        1.0848,  # told_start
        0.6666,  # told_end
        5.2596,  # told_worse
        -0.2266,  # told_sure
        0.0000,  # untold
    ),
)
