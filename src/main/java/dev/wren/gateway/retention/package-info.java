/** What is removed, and when. */
@NullMarked
package dev.wren.gateway.retention;

import org.jspecify.annotations.NullMarked;
