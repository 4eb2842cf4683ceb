/* The outlets' pins are a variable of the host. */
#ifndef OUTLET_PINS_H
#define OUTLET_PINS_H

#include <stdint.h>

void platform_set_outlets(uint8_t mask);

#endif
