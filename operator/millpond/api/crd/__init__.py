"""CustomResourceDefinitions, rendered from the models: values in, values out. Writing files is a chore's business."""
