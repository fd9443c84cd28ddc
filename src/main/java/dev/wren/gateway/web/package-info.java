/** What every controller shares: problems, strict parameters, paging, and the limits of parked requests. */
@NullMarked
package dev.wren.gateway.web;

import org.jspecify.annotations.NullMarked;
