/** From the bytes of a request to a durable callset. */
@NullMarked
package dev.wren.gateway.submission;

import org.jspecify.annotations.NullMarked;
