/* The machine under the core, as variables: for tests and fuzzing on a workstation. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

struct host {
    uint32_t now_us;
    uint8_t inputs; /* INPUT_* bits */
    uint8_t outlets;
    uint8_t servos; /* outlets that are servos */
    bool belt;
    bool stack_light;
    bool status_led;
    bool virtual_ticks; /* run now */
    uint32_t virtual_mticks_s;
    uint8_t eeprom[256];
    uint16_t eeprom_cut; /* the power fails in the middle of this write from now; 0: it holds */
    uint8_t eeprom_torn; /* what that byte becomes */
    bool eeprom_dead;    /* takes no write any more */
    uint8_t wire[1024]; /* what the core has sent; the caller empties it */
    uint16_t wire_length;
};

extern struct host host;

/* The one board of this process, booted anew; `host` is kept. */
struct board *host_boot(uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause,
                        uint32_t tick);

/* The rest of what the layer under the core does: a skipped encoder state, and what a servo's next pulse
 * is to be (0 for none). */
void host_skip(struct board *board);
uint16_t host_pulse_us(const struct board *board, uint8_t channel);
void host_note_beam(struct board *board, uint8_t beam, bool blocked);
void host_step(struct board *board, int8_t step);

#endif
