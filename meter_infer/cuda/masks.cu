// Prototypes and coefficients to the soft mask of each thing found, only inside its box and one cell around it, and
// the mask to the sums that a dial's geometry is made of (meter_infer/reading/dial.py): weight, mean and spread for a
// pointer; weight, distance and direction in each ray around the pivot for a scale's band. One block for each mask.
// Where `sums` is null, only the masks are written.
#include "portable.cuh"

#define RAYS 120
#define PROTOTYPES 32

struct Job {
    int image, anchor;
    int left, top, columns, rows;  // cells of the prototypes' grid
    int first;                     // of the values
    float threshold;               // cells above it count in the sums
    float x, y;                    // the rays' origin, in cells
};

struct Sums {
    float count, total;            // cells above the threshold, and their sum
    float x, y, xx, xy, yy;        // weighted sums, in cells from the rays' origin
    float ray_total[RAYS];
    float ray_distance[RAYS];
    float ray_offset[RAYS];        // radians from the ray's middle
};

// as in layout.py
static_assert(sizeof(Job) == 40, "Job");
static_assert(sizeof(Sums) == 1468, "Sums");

// outputs: (images, output_rows, anchors), whose last PROTOTYPES rows are the coefficients;
// prototypes: (images, PROTOTYPES, grid_rows, grid_columns)
KERNEL reduce_masks(
    const float* outputs, const float* prototypes, const Job* jobs, unsigned short* values, Sums* sums,
    int count, int output_rows, int anchors, int grid_rows, int grid_columns
) {
    const float turn = 6.283185307179586f;
    SHARED float coefficients[PROTOTYPES];
    EACH_BLOCK(block, count) {
        const Job job = jobs[block];
        Sums* sum = sums ? sums + block : nullptr;
        const float* rows = outputs + ((long long)job.image * output_rows + output_rows - PROTOTYPES) * anchors;
        int cells = grid_rows * grid_columns;
        const float* image = prototypes + (long long)job.image * PROTOTYPES * cells;
        EACH_LANE(k, PROTOTYPES) coefficients[k] = rows[(long long)k * anchors + job.anchor];
        if (sum) EACH_LANE(k, (int)(sizeof(Sums) / sizeof(float))) ((float*)sum)[k] = 0.0f;
        SYNC();
        EACH_LANE(i, job.columns * job.rows) {
            int column = job.left + i % job.columns, row = job.top + i / job.columns;
            const float* cell = image + row * grid_columns + column;
            float logit = 0.0f;
            for (int k = 0; k < PROTOTYPES; ++k) logit += coefficients[k] * cell[k * cells];
            float value = 1.0f / (1.0f + expf(-clamp_float(logit, -30.0f, 30.0f)));
            values[job.first + i] = to_half(value);
            if (sum && value > job.threshold) {
                float x = (float)column + 0.5f - job.x, y = (float)row + 0.5f - job.y;
                float angle = atan2f(y, x) / turn;
                float at = (angle - floorf(angle)) * RAYS;
                int ray = clamp_int((int)at, 0, RAYS - 1);
                ADD(sum->count, 1.0f);
                ADD(sum->total, value);
                ADD(sum->x, value * x);
                ADD(sum->y, value * y);
                ADD(sum->xx, value * x * x);
                ADD(sum->xy, value * x * y);
                ADD(sum->yy, value * y * y);
                ADD(sum->ray_total[ray], value);
                ADD(sum->ray_distance[ray], value * sqrtf(x * x + y * y));
                ADD(sum->ray_offset[ray], value * (at - (float)ray - 0.5f) * (turn / RAYS));
            }
        }
        SYNC();
    }
}
