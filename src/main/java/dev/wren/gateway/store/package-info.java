/** The only truth: objects that are created and never overwritten, except for a few that are compared and set. */
@NullMarked
package dev.wren.gateway.store;

import org.jspecify.annotations.NullMarked;
