/* What must work whatever the main loop does: the E-stop, the millisecond rules, the watchdog. */
#ifndef SAFETY_H
#define SAFETY_H

void safety_start(void);

/* The main loop has come round. Feeds the watchdog if the timer interrupt has run, too. */
void safety_main_progress(void);

#endif
