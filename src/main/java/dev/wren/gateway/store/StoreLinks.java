package dev.wren.gateway.store;

import java.time.Duration;

/**
 * Links to single objects: whoever has one may do what it is for, with no rights of his own, until it runs out. They are
 * secrets. Making one asks nobody. Safe for use by several threads.
 */
public interface StoreLinks {

    /** A URL at which the object can be read with GET, whole or by range. */
    String get(String key, Duration valid);

    /** A URL to which the object can be put with PUT. */
    String put(String key, Duration valid);
}
