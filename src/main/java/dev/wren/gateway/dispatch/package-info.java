/** Drives callsets: hands their calls to executors, fairly and within limits, and makes their outcomes durable. */
@NullMarked
package dev.wren.gateway.dispatch;

import org.jspecify.annotations.NullMarked;
