// The kernels' arithmetic compiles for the card (nvcc, NVRTC) and for the host (any C++17 compiler), where tests
// hold it against NumPy. On the host a kernel runs its blocks and lanes one after the other, so that a kernel
// must not carry values from one EACH_LANE loop to the next except through shared arrays.
#pragma once

#ifdef __CUDACC__

#define KERNEL extern "C" __global__ void
#define DEVICE __device__ __forceinline__
#define SHARED __shared__
#define SYNC() __syncthreads()
#define EACH(i, count) for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += gridDim.x * blockDim.x)
#define EACH_BLOCK(i, count) for (int i = blockIdx.x; i < (count); i += gridDim.x)
#define EACH_LANE(i, count) for (int i = threadIdx.x; i < (count); i += blockDim.x)
#define ADD(where, value) atomicAdd(&(where), (value))

// Inline PTX spares the header cuda_fp16.h, which NVRTC does not bring.
DEVICE unsigned short to_half(float value) {
    unsigned short half;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(half) : "f"(value));
    return half;
}

#else

#include <cmath>
#include <cstring>

#define KERNEL extern "C" void
#define DEVICE static inline
#define SHARED
#define SYNC()
#define EACH(i, count) for (int i = 0; i < (count); ++i)
#define EACH_BLOCK(i, count) for (int i = 0; i < (count); ++i)
#define EACH_LANE(i, count) for (int i = 0; i < (count); ++i)

template <typename T> DEVICE T add_to(T& where, T value) {
    T before = where;
    where = before + value;
    return before;
}
#define ADD(where, value) add_to(where, value)

// Round to nearest even, for finite values below 65520; the kernels write 0 to 1.
DEVICE unsigned short to_half(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, 4);
    unsigned sign = bits >> 16 & 0x8000u;
    float size = std::fabs(value);
    if (size < 6.103515625e-05f) return sign | (unsigned)std::nearbyint(size * 16777216.0f);
    unsigned rest = (bits & 0x7fffffffu) - (112u << 23);
    return sign | (rest + 0xfffu + (rest >> 13 & 1u)) >> 13;
}

#endif

DEVICE int clamp_int(int value, int low, int high) { return value < low ? low : value > high ? high : value; }
DEVICE float clamp_float(float value, float low, float high) { return fminf(fmaxf(value, low), high); }
