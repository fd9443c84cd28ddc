/** Problems of RFC 9457: their types, how one is written, and answers that are cut off. */
@NullMarked
package dev.wren.gateway.web.problem;

import org.jspecify.annotations.NullMarked;
