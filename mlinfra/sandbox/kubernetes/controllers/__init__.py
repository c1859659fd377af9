"""What stands behind the emulated Kubernetes API: the controllers, the scheduler, the kubelets and the autoscalers.

`control_plane.ControlPlane` puts them together for one cluster; each controller is one file with a reconcile function
over (cluster, key). They act through the store alone, and on the simulated account through `cloud.Cloud` alone. They
must not know of HTTP, nor of moto.
"""
