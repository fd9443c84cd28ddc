/** The only truth: objects that are created and never overwritten, save for a few that are compared and set. */
@NullMarked
package dev.wren.gateway.store;

import org.jspecify.annotations.NullMarked;
