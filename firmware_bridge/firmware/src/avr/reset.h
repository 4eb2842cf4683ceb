/* What happens before main, and what is known about why. */
#ifndef RESET_H
#define RESET_H

#include <stdint.h>

/* A RESET_* code. */
uint8_t reset_cause(void);

#endif
