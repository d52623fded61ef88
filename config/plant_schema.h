/* The table of everything a configuration may say: keys, bounds, defaults, meanings. */
#ifndef CEMSD_CONFIG_PLANT_SCHEMA_H
#define CEMSD_CONFIG_PLANT_SCHEMA_H

#include "config/schema.h"

/* Fills a struct plant (model/plant.h) as far as the file goes; config/load.c does the rest. */
extern const struct section PLANT_SCHEMA;
/* Its parts (outlet_schema.c, line_schema.c, uplink_schema.c). */
extern const struct section OUTLET_SECTION, LINE_SECTION, SOURCE_SECTION, ACTION_SECTION, UPLINK_SECTION;
/* Choices also used elsewhere. */
extern const struct choice MB_TABLE_CHOICES[], MB_TYPE_CHOICES[], MB_ORDER_CHOICES[], MARK_CHOICES[];

#endif
