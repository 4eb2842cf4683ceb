/* The machine under the core, as variables: for tests and fuzzing on a workstation. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

struct host {
    uint32_t now_us;
    uint8_t inputs; /* INPUT_* bits */
    uint8_t outlets;
    bool belt;
    bool status_led;
    uint8_t wire[1024]; /* what the core has sent; the caller empties it */
    uint16_t wire_length;
};

extern struct host host;

#endif
