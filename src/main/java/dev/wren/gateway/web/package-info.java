/** What every controller shares: strict parameters, paging, the limits of parked requests, and what is passed on to other gateways. */
@NullMarked
package dev.wren.gateway.web;

import org.jspecify.annotations.NullMarked;
