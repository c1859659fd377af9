"""Where a pod may run and where best: filters, scores, preemption, and the sentence that says why it cannot.

`scheduler` is the controller; the autoscalers ask the same filters about nodes that do not exist yet.
"""
