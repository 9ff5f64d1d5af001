// Raw rows of a YOLOv8 output to boxes of the frame, best first, without those that overlap a better one: what
// meter_infer/vision/detect.py, segment.py and nms.py do. One block works on one list: all classes of an image, or
// one class of it.
#include "portable.cuh"

#define MAX_LOOKED 512

struct View {
    float scale, x, y;        // frame = (x, y) + scale * input
    float width, height;      // of the frame, pixels
};

struct Found {
    float x1, y1, x2, y2;     // frame pixels, clipped to the frame
    float score;
    int label, anchor;
};

struct Limits {
    float score, iou;
    int top_k, keep;          // top_k at most MAX_LOOKED
    int first, classes;       // rows 4 + first ... are the scores
    int lists;                // 1: one list for all classes; `classes`: one for each
    int across;               // 1: classes of one list suppress each other
};

// as in layout.py
static_assert(sizeof(View) == 20, "View");
static_assert(sizeof(Limits) == 32, "Limits");
static_assert(sizeof(Found) == 28, "Found");

DEVICE bool in_frame(const float* output, int anchors, int a, const View& v, Found& found) {
    float x = output[a], y = output[anchors + a];
    float w = output[2 * anchors + a] / 2, h = output[3 * anchors + a] / 2;
    found.x1 = clamp_float(v.x + v.scale * (x - w), 0.0f, v.width);
    found.y1 = clamp_float(v.y + v.scale * (y - h), 0.0f, v.height);
    found.x2 = clamp_float(v.x + v.scale * (x + w), 0.0f, v.width);
    found.y2 = clamp_float(v.y + v.scale * (y + h), 0.0f, v.height);
    return found.x2 > found.x1 && found.y2 > found.y1;
}

DEVICE float overlap(const Found& a, const Found& b) {
    float w = fminf(a.x2, b.x2) - fmaxf(a.x1, b.x1), h = fminf(a.y2, b.y2) - fmaxf(a.y1, b.y1);
    float inter = fmaxf(w, 0.0f) * fmaxf(h, 0.0f);
    float whole = (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - inter;
    return inter / fmaxf(whole, 1e-30f);
}

// outputs: (images, rows, anchors); views: (images); scratch: (images * lists, anchors);
// kept: (images * lists, keep); counts: (images * lists)
KERNEL decode_boxes(
    const float* outputs, const View* views, const Limits* limits_at, Found* scratch, Found* kept, int* counts,
    int images, int rows, int anchors
) {
    SHARED int count, taken;
    SHARED int order[MAX_LOOKED];
    SHARED int alive[MAX_LOOKED];
    const Limits limits = *limits_at;
    EACH_BLOCK(block, images * limits.lists) {
        int image = block / limits.lists, list = block % limits.lists;
        const float* output = outputs + (long long)image * rows * anchors;
        const float* scores = output + (long long)(4 + limits.first) * anchors;
        Found* candidates = scratch + (long long)block * anchors;
        int first = limits.lists == 1 ? 0 : list, last = limits.lists == 1 ? limits.classes : list + 1;
        EACH_LANE(i, 1) count = taken = 0;
        SYNC();
        EACH_LANE(a, anchors) {
            Found found;
            found.label = first;
            found.score = scores[(long long)first * anchors + a];
            for (int c = first + 1; c < last; ++c) {
                float score = scores[(long long)c * anchors + a];
                if (score > found.score) found.score = score, found.label = c;
            }
            found.anchor = a;
            if (found.score >= limits.score && in_frame(output, anchors, a, views[image], found))
                candidates[ADD(count, 1)] = found;
        }
        SYNC();
        // A candidate's rank is the number of better ones; lanes may have written them in any order.
        EACH_LANE(i, count) {
            int rank = 0;
            for (int j = 0; j < count && rank < limits.top_k; ++j)
                rank += candidates[j].score > candidates[i].score ||
                        (candidates[j].score == candidates[i].score && candidates[j].anchor < candidates[i].anchor);
            if (rank < limits.top_k) order[rank] = i, alive[rank] = 1;
        }
        SYNC();
        int looked = count < limits.top_k ? count : limits.top_k;
        for (int place = 0; place < looked && taken < limits.keep; ++place) {
            bool stays = alive[place] != 0;  // alike in all lanes: written before the last SYNC
            SYNC();
            if (!stays) continue;
            const Found best = candidates[order[place]];
            EACH_LANE(j, looked) {
                const Found& other = candidates[order[j]];
                if (j > place && (limits.across || other.label == best.label) && overlap(best, other) > limits.iou)
                    alive[j] = 0;
            }
            EACH_LANE(i, 1) kept[(long long)block * limits.keep + taken++] = best;
            SYNC();
        }
        EACH_LANE(i, 1) counts[block] = taken;
        SYNC();
    }
}
