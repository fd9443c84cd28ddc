/** Results of callsets that are done, written where their callers want them. */
@NullMarked
package dev.wren.gateway.output;

import org.jspecify.annotations.NullMarked;
