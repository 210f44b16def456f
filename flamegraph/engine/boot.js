// placeholder until the files below are written
