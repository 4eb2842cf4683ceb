/* Counts of 32 bits that wrap. */
#ifndef WRAPPING_H
#define WRAPPING_H

#include <stdint.h>

/* How far count `a` lies ahead of `b`, right across the wrap. */
static inline int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

#endif
