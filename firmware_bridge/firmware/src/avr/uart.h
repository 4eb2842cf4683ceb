/* The wire to the host: 250 000 baud, 8N1, ring buffers both ways. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);

/* False if nothing has come in. */
bool uart_read(uint8_t *byte);

bool uart_is_empty(void);

#endif
