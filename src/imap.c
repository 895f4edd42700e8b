#include "pool_map.h"
