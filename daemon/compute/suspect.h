/* Figures that look made up. Each rule looks at closed minutes and says what it saw; it is evidence, never a verdict,
 * and what it saw can be computed again from the raw samples.
 *
 *   stuck         spread of so many minutes below the instrument's resolution while another factor varies
 *   repeat        so many minutes in a row the same, to the bit, as earlier ones of the last day
 *   clipped       so many minutes of an hour within 1 % of its highest, that just below the limit, the rest spread
 * wider dilution      O2 above 19 % or above mean + 3 sigma of a week, a pollutant falling, the flow steady
 *   inconsistent  running with a pollutant at zero; stopped with one above a tenth of its hour limit
 *   calibration   marked C or M for too much of a day, or thrice in a day when the hour is near its limit
 *
 * What is remembered is of this run of the daemon: a run of minutes in progress begins anew after a restart (but for
 * the two hours that are computed again), a finding goes on. Private to the compute room. */
#ifndef CEMSD_COMPUTE_SUSPECT_H
#define CEMSD_COMPUTE_SUSPECT_H

#include "compute/outlet.h"

enum { SUSPECT_PRINTS = 1440, SUSPECT_HOUR = 60 };

/* Of a pollutant or the oxygen. */
struct suspicion {
    struct finding finding[SUSPECT_RULES];
    double low, high; /* stuck: spread of the run */
    int64_t run_since_ms;
    int run_minutes;
    uint16_t prints[SUSPECT_PRINTS]; /* repeat: of the last minutes; 0: nothing to compare */
    uint32_t print_count;
    uint32_t lag, same;          /* the last `same` minutes are those of lag minutes before; 0: none */
    float minutes[SUSPECT_HOUR]; /* clipped: judged figures of the hour */
    int minute_count;
    struct usual { /* dilution: a mean that forgets */
        double mean;
        int minutes;
    } week, week_square, hour, flow; /* of the oxygen and its square; of the last hour; of the flow */
    int diluted_minutes;
    int at_odds_minutes;                     /* inconsistent */
    int calibrated_minutes, calibrated_near; /* calibration: of the day */
    bool was_calibrated;
    int64_t day_ms;
};

bool suspect_wanted(const struct plant *plant, const struct channel *channel);
/* A minute of the outlet has closed; told: its findings may be said. */
void suspect_minute(struct outlet_state *o, const struct period_record *record, bool told);
/* An hour has. */
void suspect_hour(struct outlet_state *o, struct channel_state *c, const struct period_record *record,
                  const struct reading *reading);
/* The rule an alarm's id speaks of; SUSPECT_RULES when none. */
enum suspect_rule suspect_rule_of(const char *id);

#endif
