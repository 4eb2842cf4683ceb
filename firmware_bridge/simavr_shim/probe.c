#include "probe.h"

#include <simavr/sim_core.h>
#include <string.h>

static uint16_t stack_pointer(const struct avr_t *avr)
{
    return (uint16_t)(avr->data[R_SPL] | avr->data[R_SPH] << 8);
}

/* A flag that waits already is not told again, so the first moment of waiting is kept. */
static void on_pending(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct probe_hook *hook = param;
    (void)irq;
    if (value)
        hook->probe->pending_since[hook->vector] = hook->avr->cycle;
}

static void note_deepest(uint32_t *deepest, uint32_t bytes)
{
    if (bytes > *deepest)
        *deepest = bytes;
}

static void enter(struct probe *probe, struct avr_t *avr, uint8_t vector)
{
    uint64_t now = avr->cycle;
    struct probe_vector *counts = &probe->vectors[vector];
    if (probe->depth)
        probe->running[probe->depth - 1].inside +=
            now - probe->running[probe->depth - 1].inside_since;
    probe->running[probe->depth].entered = now;
    probe->running[probe->depth].inside_since = now;
    probe->running[probe->depth].inside = 0;
    probe->running[probe->depth].stack_top = (uint16_t)(stack_pointer(avr) + 2);
    probe->running[probe->depth].lowest = stack_pointer(avr);
    probe->running[probe->depth].vector = vector;
    probe->depth++;
    note_deepest(&probe->most_nested, probe->depth);
    counts->entries++;
    if (probe->pending_since[vector] >= probe->since)
        note_deepest(&counts->longest_wait, (uint32_t)(now - probe->pending_since[vector]));
}

static void leave(struct probe *probe, uint64_t now)
{
    uint8_t level = --probe->depth;
    struct probe_vector *counts = &probe->vectors[probe->running[level].vector];
    counts->cycles += probe->running[level].inside + now - probe->running[level].inside_since;
    note_deepest(&counts->longest, (uint32_t)(now - probe->running[level].entered));
    note_deepest(&counts->stack,
                 (uint32_t)(probe->running[level].stack_top - probe->running[level].lowest));
    if (level)
        probe->running[level - 1].inside_since = now;
}

static void watch_stack(struct probe *probe, struct avr_t *avr)
{
    if (probe->stack_unsteady)
        return;
    uint16_t pointer = stack_pointer(avr);
    if (pointer <= avr->ioend || pointer > avr->ramend)
        return; /* not set yet */
    uint32_t bytes = (uint32_t)(avr->ramend - pointer);
    note_deepest(&probe->whole_stack, bytes);
    if (!probe->depth)
        note_deepest(&probe->main_stack, bytes);
    else if (pointer < probe->running[probe->depth - 1].lowest)
        probe->running[probe->depth - 1].lowest = pointer;
}

void probe_watch_instruction(struct probe *probe, struct avr_t *avr)
{
    uint16_t opcode = (uint16_t)(avr->flash[avr->pc] | avr->flash[avr->pc + 1] << 8);
    watch_stack(probe, avr);
    if ((opcode & 0xFE0F) == 0xBE0E) /* out SPH */
        probe->stack_unsteady = 1;
    else if ((opcode & 0xFE0F) == 0xBE0D) /* out SPL */
        probe->stack_unsteady = 0;
}

static void watch_mask(struct probe *probe, struct avr_t *avr)
{
    uint8_t masked = !avr->sreg[S_I];
    if (masked && !probe->masked) {
        probe->masked_since = avr->cycle;
        probe->masking_at = avr->pc;
    } else if (!masked && probe->masked && probe->masked_since >= probe->since) {
        uint32_t stretch = (uint32_t)(avr->cycle - probe->masked_since);
        if (stretch > probe->longest_masked) {
            probe->longest_masked = stretch;
            probe->masked_from = probe->masking_at;
            probe->masked_to = avr->pc;
        }
    }
    probe->masked = masked;
}

void probe_watch_flags(struct probe *probe, struct avr_t *avr)
{
    uint8_t depth = avr->interrupts.running_ptr;
    if (depth > NESTING)
        return;
    while (probe->depth > depth)
        leave(probe, avr->cycle);
    /* One return and the next entry may fall into one step. */
    if (depth && probe->depth == depth &&
        avr->interrupts.running[depth - 1]->vector != probe->running[depth - 1].vector)
        leave(probe, avr->cycle);
    while (probe->depth < depth)
        enter(probe, avr, avr->interrupts.running[probe->depth]->vector);
    watch_mask(probe, avr);
}

void probe_reset(struct probe *probe)
{
    probe->depth = 0;
    probe->masked = 0;
    probe->stack_unsteady = 0;
    memset(probe->pending_since, 0, sizeof probe->pending_since);
}

void probe_clear(struct probe *probe, struct avr_t *avr)
{
    probe->since = avr->cycle;
    probe->asleep = 0;
    probe->longest_masked = 0;
    for (uint8_t vector = 0; vector < VECTORS; vector++) {
        struct probe_vector *counts = &probe->vectors[vector];
        uint32_t stack = counts->stack;
        memset(counts, 0, sizeof *counts);
        counts->stack = stack;
    }
}

void probe_connect(struct probe *probe, struct avr_t *avr)
{
    for (uint8_t vector = 1; vector < VECTORS; vector++) {
        probe->hooks[vector] = (struct probe_hook){probe, avr, vector};
        avr_irq_t *irqs = avr_get_interrupt_irq(avr, vector);
        if (irqs)
            avr_irq_register_notify(irqs + AVR_INT_IRQ_PENDING, on_pending, &probe->hooks[vector]);
    }
}
