/** The executor on pools of machines: its queue of work, the machines, and the instances of EC2 among them. */
@NullMarked
package dev.wren.gateway.executor.standalone;

import org.jspecify.annotations.NullMarked;
