#include "compute/convert.h"

#include <stddef.h>
#include <string.h>

double convert_ppm_factor(const char *factor_code)
{
    static const struct {
        const char *code;
        double mass;
    } MOLAR[] = {
        {"a21026", 64}, /* SO2 */ {"a21003", 30}, /* NO */ {"a21004", 46},    /* NO2 */ {"a21002", 46}, /* NOx as NO2 */
        {"a21005", 28}, /* CO */ {"a05001", 44},  /* CO2 */ {"a21024", 36.5}, /* HCl */ {"a21018", 20}, /* HF */
        {"a21001", 17}, /* NH3 */ {"a21028", 34},                                                       /* H2S */
    };
    for (size_t i = 0; i < sizeof MOLAR / sizeof MOLAR[0]; i++)
        if (strcmp(MOLAR[i].code, factor_code) == 0)
            return MOLAR[i].mass / 22.4;
    return 0;
}

enum convert_result convert_to_standard_state(double c, double temperature_c, double static_kpa, double ambient_kpa,
                                              double *c_standard)
{
    double kelvin = CONVERT_KELVIN + temperature_c, absolute = ambient_kpa + static_kpa;
    if (!(kelvin > 0))
        return CONVERT_BAD_TEMPERATURE;
    if (!(absolute > 0))
        return CONVERT_BAD_PRESSURE;
    *c_standard = c * CONVERT_STANDARD_KPA / absolute * kelvin / CONVERT_KELVIN;
    return CONVERT_OK;
}

enum convert_result convert_to_dry(double c, double moisture_percent, double *c_dry)
{
    if (!(moisture_percent >= 0 && moisture_percent < 100))
        return CONVERT_BAD_MOISTURE;
    *c_dry = c / (1 - moisture_percent / 100);
    return CONVERT_OK;
}

enum convert_result convert_reference_oxygen(double c, double o2, double o2_ref, double o2_max, double *c_zs)
{
    if (!(o2 <= o2_max && o2 < CONVERT_OXYGEN_OF_AIR))
        return CONVERT_O2_TOO_HIGH;
    *c_zs = c * (CONVERT_OXYGEN_OF_AIR - o2_ref) / (CONVERT_OXYGEN_OF_AIR - o2);
    return CONVERT_OK;
}

enum convert_result convert_flow(double velocity, double area_m2, double velocity_factor, double temperature_c,
                                 double static_kpa, double ambient_kpa, double moisture_percent, double *q_sn)
{
    double kelvin = CONVERT_KELVIN + temperature_c, absolute = ambient_kpa + static_kpa;
    if (!(kelvin > 0))
        return CONVERT_BAD_TEMPERATURE;
    if (!(absolute > 0))
        return CONVERT_BAD_PRESSURE;
    if (!(moisture_percent >= 0 && moisture_percent < 100))
        return CONVERT_BAD_MOISTURE;
    *q_sn = 3600 * area_m2 * velocity_factor * velocity * CONVERT_KELVIN / kelvin * absolute / CONVERT_STANDARD_KPA *
            (1 - moisture_percent / 100);
    return CONVERT_OK;
}
