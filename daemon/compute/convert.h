/* The formulas that turn an analyzer's value into the figure the law judges.
 *
 *   ppm      c = ppm · M / 22.4                                       273 K, 101325 Pa        HJ 76-2017
 *   state    c_sn = c_s · 101325 / (B_a + P_s) · (273 + t_s) / 273                            HJ 212-2017 annex D.2.3
 *   moisture c_dry = c_wet / (1 - X)                                  X volume fraction       the same
 *                          21 - o2_ref
 *   oxygen   c_zs = c_dry · -----------                               o2 % by volume, dry     the same, (28)
 *                           21 - o2
 *                                               273      B_a + P_s
 *   flow     Q_sn = 3600 · F · K_v · v_p · ------------ · --------- · (1 - X)   m3/h          the same
 *                                          273 + t_s     101325
 *
 * Pressures here are kPa, temperatures degC, moisture % by volume as the analyzers send it. Negative concentrations are
 * kept: zero drift is data. Pure. Any thread. */
#ifndef CEMSD_COMPUTE_CONVERT_H
#define CEMSD_COMPUTE_CONVERT_H

#include <stdbool.h>

#define CONVERT_KELVIN 273.0
#define CONVERT_STANDARD_KPA 101.325
#define CONVERT_OXYGEN_OF_AIR 21.0

enum convert_result {
    CONVERT_OK,
    CONVERT_O2_TOO_HIGH,     /* o2 > o2_max or ≥ 21: the formula explodes */
    CONVERT_BAD_MOISTURE,    /* outside 0 ≤ X < 100 */
    CONVERT_BAD_TEMPERATURE, /* at or below -273 degC */
    CONVERT_BAD_PRESSURE,    /* absolute pressure not above 0 */
};

/* mg/m3 at standard state for 1 ppm of the factor (M / 22.4 with the masses of HJ 76-2017); 0 when it has no table row.
 * NO stays NO, NO2 stays NO2; a21002 counts as NO2. */
double convert_ppm_factor(const char *factor_code);

/* Each writes its result only with CONVERT_OK. */
enum convert_result convert_to_standard_state(double c, double temperature_c, double static_kpa, double ambient_kpa,
                                              double *c_standard);
enum convert_result convert_to_dry(double c, double moisture_percent, double *c_dry);
enum convert_result convert_reference_oxygen(double c, double o2, double o2_ref, double o2_max, double *c_zs);
enum convert_result convert_flow(double velocity, double area_m2, double velocity_factor, double temperature_c,
                                 double static_kpa, double ambient_kpa, double moisture_percent, double *q_sn);

#endif
