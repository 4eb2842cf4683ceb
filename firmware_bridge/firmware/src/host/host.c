#include "host.h"

struct board *host_boot(uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause,
                        uint32_t tick)
{
    static struct board board;
    host.outlets = 0;
    host.belt = false;
    host.wire_length = 0;
    board_init(&board, boot_nonce, build_hash, reset_cause);
    board.tick = tick;
    board.beams.blocked[BEAM_ENTRY] = host.inputs & INPUT_ENTRY_BEAM;
    board.beams.blocked[BEAM_PASSED] = host.inputs & INPUT_PASSED_BEAM;
    return &board;
}

void host_skip(struct board *board)
{
    board->encoder_errors++;
}

uint16_t host_pulse_us(const struct board *board, uint8_t channel)
{
    const struct outlet *outlet = &board->settings.outlets[channel];
    if (board->estop)
        return 0;
    return board->mask & 1 << channel ? outlet->open_us : outlet->closed_us;
}

void host_note_beam(struct board *board, uint8_t beam, bool blocked)
{
    if (board->settings.machine.beams & 1 << beam)
        beams_note(&board->beams, beam, blocked, board->tick, host.now_us);
}

void host_step(struct board *board, int8_t step)
{
    if (board_on_step(board, step))
        board_settle(board);
}
