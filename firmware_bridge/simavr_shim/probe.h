/* Measures the firmware while it runs: interrupts, masked stretches, sleep and stack, in cycles.
 *
 * simavr charges nothing for the four cycles in which an AVR enters an interrupt; whoever reads
 * these numbers adds them. */
#ifndef PROBE_H
#define PROBE_H

#include <simavr/sim_avr.h>
#include <stdint.h>

#define VECTORS 26
#define NESTING 8

struct probe_vector {
    uint64_t entries;
    uint64_t cycles;       /* inside, without what interrupted it */
    uint32_t longest;      /* from entry to return */
    uint32_t longest_wait; /* from its flag to its entry */
    uint32_t stack;        /* most bytes of its own, the return address included */
};

struct probe {
    uint64_t since; /* cycle of the last clearing */
    uint64_t asleep;
    uint32_t longest_masked; /* by the main program or in an interrupt */
    uint32_t masked_from;    /* byte addresses of that stretch */
    uint32_t masked_to;
    uint32_t main_stack;   /* most bytes outside of interrupts, since power-on */
    uint32_t whole_stack;  /* most bytes of all, since power-on */
    uint32_t most_nested;
    struct probe_vector vectors[VECTORS];

    struct probe_hook {
        struct probe *probe;
        struct avr_t *avr;
        uint8_t vector;
    } hooks[VECTORS];
    uint64_t pending_since[VECTORS];
    struct {
        uint64_t entered;
        uint64_t inside_since;
        uint64_t inside;
        uint16_t stack_top;
        uint16_t lowest;
        uint8_t vector;
    } running[NESTING];
    uint8_t depth;
    uint8_t stack_unsteady; /* between the two writes that move the stack pointer */
    uint8_t masked;
    uint64_t masked_since;
    uint32_t masking_at;
};

void probe_connect(struct probe *probe, struct avr_t *avr);

/* Starts the counts anew; the stack's are kept. */
void probe_clear(struct probe *probe, struct avr_t *avr);

/* The processor was reset. */
void probe_reset(struct probe *probe);

/* Before an instruction runs. */
void probe_watch_instruction(struct probe *probe, struct avr_t *avr);

/* After an instruction, and after an interrupt was entered. */
void probe_watch_flags(struct probe *probe, struct avr_t *avr);

#endif
