/* What the parts of the shim share. */
#ifndef SHIM_H
#define SHIM_H

#include <simavr/sim_avr.h>
#include <stdint.h>

#include "probe.h"

#define PINS 24 /* 8 for each of the ports B, C, D */
#define RX_SIZE 4096
#define TX_SIZE 65536
#define EDGES_SIZE 65536

struct edge {
    uint64_t cycle;
    uint8_t pin;
    uint8_t level;
};

struct sent_byte {
    uint64_t cycle;
    uint8_t value;
};

struct pin_hook {
    struct shim *shim;
    uint8_t pin;
};

struct shim {
    avr_t *avr;
    uint64_t target;
    void (*core_reset)(struct avr_t *avr);
    avr_irq_t *pin_irqs[PINS];
    struct pin_hook hooks[PINS];
    uint8_t inputs[PINS]; /* level + 1 of driven pins, 0 of others */
    uint8_t outputs[PINS];
    struct edge edges[EDGES_SIZE];
    uint32_t edge_count;
    int flooded; /* more edges in one run than there is room for */
    avr_irq_t *uart_in;
    int uart_ready;
    uint8_t rx[RX_SIZE];
    uint32_t rx_head, rx_tail;
    struct sent_byte tx[TX_SIZE];
    uint32_t tx_count;
    uint32_t resets;
    uint64_t reset_at;
    struct probe probe;
};

#endif
