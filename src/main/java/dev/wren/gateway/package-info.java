/** The gateway: accepts maps over HTTP, makes them durable, and drives them. */
@NullMarked
package dev.wren.gateway;

import org.jspecify.annotations.NullMarked;
