// A rectangle of a picture (NV12, I420, BGR or grey) to a network's input: planar RGB, 0 to 1, float32 or float16.
// A letterboxed frame and a square crop around a meter differ in the rectangle alone. Every step is that of
// meter_infer/vision/resample.py, without its rounding to 8 bits in between.
#include "portable.cuh"

struct Sampling {
    float step_x, step_y;     // reduced pixels an output pixel
    float x, y;               // the rectangle's upper left corner, reduced pixels of the window
    int left, top;            // the window of the plane that is looked at, pixels
    int columns, rows;
    int factor_x, factor_y;   // blocks of so many pixels are averaged first: powers of two
    int clamp;                // 1: the plane's edge is repeated; 0: what lies beyond it is `outside`
    int place_x, place_y;     // output pixels before these and from place_x + place_w on are `outside`
    int place_w, place_h;
    int padding;
};

struct Item {
    const unsigned char* plane[3];
    int pitch[3];             // bytes from row to row
    int stride[3];            // bytes from pixel to pixel
    int outside[3];
    int padding;
    Sampling sampling[2];     // of the first plane, and of the other two
    float matrix[12];         // (p0, p1, p2, 1) to red, green, blue
};

// as in layout.py
static_assert(sizeof(Sampling) == 64, "Sampling");
static_assert(sizeof(Item) == 240, "Item");

DEVICE float block_mean(
    const unsigned char* plane, int pitch, int stride, const Sampling& s, int column, int row
) {
    int first_x = column * s.factor_x, first_y = row * s.factor_y, sum = 0;
    // What cameras need nearly always, without loops: no block at all, or 2 x 2 whole pixels.
    const unsigned char* at = plane + (long long)(s.top + first_y) * pitch + (s.left + first_x) * stride;
    if (s.factor_x == 1 && s.factor_y == 1) return (float)*at;
    if (s.factor_x == 2 && s.factor_y == 2 && first_x + 1 < s.columns && first_y + 1 < s.rows)
        return 0.25f * (float)(at[0] + at[stride] + at[pitch] + at[pitch + stride]);
    for (int j = 0; j < s.factor_y; ++j) {
        int y = first_y + j < s.rows ? first_y + j : s.rows - 1;
        const unsigned char* line = plane + (long long)(s.top + y) * pitch;
        for (int i = 0; i < s.factor_x; ++i) {
            int x = first_x + i < s.columns ? first_x + i : s.columns - 1;
            sum += line[(s.left + x) * stride];
        }
    }
    return (float)sum / (float)(s.factor_x * s.factor_y);
}

DEVICE float sample(
    const unsigned char* plane, int pitch, int stride, const Sampling& s, int outside, int x, int y
) {
    if (!plane || s.columns <= 0 || s.rows <= 0) return (float)outside;
    if (x < s.place_x || x >= s.place_x + s.place_w || y < s.place_y || y >= s.place_y + s.place_h)
        return (float)outside;
    int columns = (s.columns + s.factor_x - 1) / s.factor_x, rows = (s.rows + s.factor_y - 1) / s.factor_y;
    float at_x = s.x + ((float)x + 0.5f) * s.step_x - 0.5f, at_y = s.y + ((float)y + 0.5f) * s.step_y - 0.5f;
    float low_x = floorf(at_x), low_y = floorf(at_y);
    float part_x = at_x - low_x, part_y = at_y - low_y, result = 0.0f;
    for (int j = 0; j < 2; ++j) {
        for (int i = 0; i < 2; ++i) {
            float weight = (i ? part_x : 1.0f - part_x) * (j ? part_y : 1.0f - part_y);
            int column = (int)low_x + i, row = (int)low_y + j;
            bool inside = column >= 0 && column < columns && row >= 0 && row < rows;
            float value = (float)outside;
            if (inside || s.clamp)
                value = block_mean(
                    plane, pitch, stride, s, clamp_int(column, 0, columns - 1), clamp_int(row, 0, rows - 1)
                );
            result += weight * value;
        }
    }
    return result;
}

DEVICE void pixel(const Item& item, int x, int y, float rgb[3]) {
    float value[3];
    for (int p = 0; p < 3; ++p)
        value[p] = sample(
            item.plane[p], item.pitch[p], item.stride[p], item.sampling[p ? 1 : 0], item.outside[p], x, y
        );
    for (int c = 0; c < 3; ++c) {
        const float* m = item.matrix + 4 * c;
        rgb[c] = clamp_float(m[0] * value[0] + m[1] * value[1] + m[2] * value[2] + m[3], 0.0f, 1.0f);
    }
}

// out: (count, 3, height, width)
KERNEL resample_f32(const Item* items, float* out, int count, int height, int width) {
    EACH(i, count * height * width) {
        int x = i % width, y = i / width % height, n = i / (width * height);
        float rgb[3];
        pixel(items[n], x, y, rgb);
        for (int c = 0; c < 3; ++c) out[((long long)(3 * n + c) * height + y) * width + x] = rgb[c];
    }
}

// Two pixels a lane, written as one word; width is even, as every network's input is.
KERNEL resample_f16(const Item* items, unsigned* out, int count, int height, int width) {
    int pairs = width / 2;
    EACH(i, count * height * pairs) {
        int pair = i % pairs, y = i / pairs % height, n = i / (pairs * height);
        float left[3], right[3];
        pixel(items[n], 2 * pair, y, left);
        pixel(items[n], 2 * pair + 1, y, right);
        for (int c = 0; c < 3; ++c)
            out[((long long)(3 * n + c) * height + y) * pairs + pair] =
                (unsigned)to_half(left[c]) | (unsigned)to_half(right[c]) << 16;
    }
}
