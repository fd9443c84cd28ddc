/** The specification, from the controllers. */
@NullMarked
package dev.wren.gateway.web.openapi;

import org.jspecify.annotations.NullMarked;
